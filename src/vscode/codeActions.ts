// What is offered where a reference stands: a chunk of its own, loaded when it is first asked for in a tracked Dockerfile.
export { pinActions } from './pinActions.ts';
export { quickFixes } from './quickFixes.ts';
