// The demonstration: a registry in this process with images of every verdict, and a workspace whose Dockerfile names them all.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generatePrivateKey } from '../../src/core/crypto/privateKey.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { putDemoImages, type DemoImage, type DemoKeys } from './images.ts';

/** Plain data: the host tests get it as JSON. */
export interface DemoDescription {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly workspace: string;
  readonly dockerfile: string;
  /** In the order of the Dockerfile. */
  readonly images: readonly DemoImage[];
  /** Name → public key PEM. */
  readonly keys: Readonly<Record<keyof DemoKeys, string>>;
}

export interface Demo {
  readonly description: DemoDescription;
  /** The registry itself, for tests that look into it, slow it down or make it refuse. */
  readonly registry: TestRegistry;
  /** Requests the registry has had. */
  requests(): number;
  close(): Promise<void>;
}

export async function startDemo(): Promise<Demo> {
  const [release, build, stranger] = await Promise.all([generatePrivateKey(), generatePrivateKey(), generatePrivateKey()]);
  const keys: DemoKeys = { release, build, stranger };
  const registry = await startRegistry();
  const images = putDemoImages(registry, keys);
  const workspace = join(realpathSync(mkdtempSync(join(tmpdir(), 'countersign-demo-'))), 'shop');
  const write = (name: string, content: string): void => {
    const file = join(workspace, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  write('Dockerfile', dockerfile(images, registry.host));
  write('.vscode/settings.json', `${JSON.stringify(settings(registry.host), null, 2)}\n`);
  const pems = { release: release.publicKey.pem, build: build.publicKey.pem, stranger: stranger.publicKey.pem };
  for (const [name, pem] of Object.entries(pems)) write(`keys/${name}.pub`, pem);
  write('README.md', readme);
  return {
    description: {
      host: registry.host, workspace, dockerfile: join(workspace, 'Dockerfile'), images, keys: pems,
    },
    registry,
    requests: () => registry.count(),
    close: async () => {
      rmSync(dirname(workspace), { recursive: true, force: true, maxRetries: 5 });
      await registry.close();
    },
  };
}

function dockerfile(images: readonly DemoImage[], host: string): string {
  const blocks = images.map(({ says, line, reference }) => [
    ...(says === '' ? [] : ['', `# ${says}`]),
    // A build expands variables in FROM only.
    line.replace('REF', () => (line.startsWith('FROM REF') || line.startsWith('FROM --') ? reference.replace(host, '${REGISTRY}') : reference)),
  ]);
  return ['# Every image here is in a small registry on your own machine.', `ARG REGISTRY=${host}`, 'ARG PREVIEW_VERSION', ...blocks.flat(), ''].join('\n');
}

function settings(host: string): object {
  return {
    'countersign.keys': { release: 'keys/release.pub', build: 'keys/build.pub' },
    'countersign.policies': [
      { name: 'shop', images: [`${host}/shop/**`], keys: ['release'] },
      { name: 'tools', images: [`${host}/tools/**`], keys: ['release', 'build'], annotations: { stage: 'production' }, severity: 'warning' },
    ],
  };
}

const readme = `# The Countersign demonstration

Open the Dockerfile: above every image stands whether a key you trust has signed it. Point at an image to see the evidence, click the line above it
or the status bar entry for the list, and try:

- change a tag and see the verdict follow;
- run "Countersign: Add Trusted Key…", choose keys/stranger.pub, for the images community/cowsay only, and store it in the workspace settings;
- give PREVIEW_VERSION a value in .vscode/settings.json: \`"countersign.dockerfile.buildArgs": { "PREVIEW_VERSION": "1.0" }\`.

The keys were made when the demonstration started. Nothing leaves this machine.
`;
