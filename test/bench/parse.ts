// How long reading a Dockerfile takes: everyday files, 500 lines, and hostile megabytes.
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { median, row, type Row } from './report.ts';

/** @param quick fewer passes */
export function benchParsing(quick: boolean): readonly Row[] {
  const runs = quick ? 300 : 2000;
  return [
    ...measure('parse 500 lines', fiveHundredLines(), runs, 5),
    ...measure('parse an everyday file of 12 lines', everyday, runs),
    ...measure('parse 1 MB of `$`', `FROM ${'$'.repeat(1_000_000)}`, 5),
    ...measure('parse 1 MB of `${a:-`', `FROM ${'${a:-'.repeat(200_000)}`, 5),
    ...measure('parse 1 MB of `<<`', `FROM a\nRUN ${'<<'.repeat(500_000)}`, 5),
  ];
}

/** The first passes of a process are compiled while they run, which a person who types meets once: a row of its own. */
function measure(what: string, text: string, runs: number, targetMs?: number): readonly Row[] {
  const once = (): number => {
    const start = performance.now();
    readDockerfile(text, { buildArgs: {} });
    return performance.now() - start;
  };
  const [first = 0] = Array.from({ length: Math.min(runs, 100) }, once);
  const times = Array.from({ length: runs }, once);
  if (targetMs === undefined) return [row(what, 'ours', times, 'ms')];
  const p99 = [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
  return [row(what, 'ours, first of a process', [first], 'ms'), row(what, 'ours, median', [median(times)], 'ms'), row(what, 'ours, p99', [p99], 'ms', { target: `≤ ${targetMs} ms`, most: targetMs })];
}

const everyday = `# syntax=docker/dockerfile:1
ARG GO_VERSION=1.23
FROM --platform=$BUILDPLATFORM golang:\${GO_VERSION}-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN CGO_ENABLED=0 go build -o /out/app ./cmd/app
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/app /app
USER nonroot
ENTRYPOINT ["/app"]
`;

/** The usual kinds of lines: stages, arguments, mounts, heredocs, references of every instruction that has one. */
function fiveHundredLines(): string {
  const lines = ['# syntax=docker/dockerfile:1', 'ARG VERSION=3.20', 'ARG BASE=alpine:${VERSION}'];
  for (let stage = 0; lines.length < 500; stage++) {
    lines.push(
      `FROM --platform=$BUILDPLATFORM \${BASE} AS stage${stage}`, 'WORKDIR /src', 'COPY package.json ./', 'RUN --mount=type=cache,target=/root/.cache \\', '    --mount=type=bind,from=ghcr.io/org/tools:1,target=/tools \\', '    npm ci && \\',
      '    npm run build', 'RUN <<EOF', 'echo FROM nowhere', 'EOF', `COPY --from=ghcr.io/org/assets:${stage} /a /a`, 'ENV A=b C=d', '# a comment',
    );
  }
  return lines.slice(0, 500).join('\n');
}
