// How long reading a Dockerfile takes: everyday files, 500 lines, and hostile megabytes.
import { readDockerfile } from '../../src/core/dockerfile/images.ts';

export interface ParseMeasurement {
  readonly name: string;
  readonly lines: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** @param nowMs a monotonic clock */
export function measureParsing(nowMs: () => number, runs = 300): readonly ParseMeasurement[] {
  return [
    measure('everyday, 12 lines', everyday, nowMs, runs),
    measure('500 lines', fiveHundredLines(), nowMs, runs),
    measure('1 MB of $', `FROM ${'$'.repeat(1_000_000)}`, nowMs, 5),
    measure('1 MB of ${a:-', `FROM ${'${a:-'.repeat(200_000)}`, nowMs, 5),
    measure('1 MB of <<', `FROM a\nRUN ${'<<'.repeat(500_000)}`, nowMs, 5),
  ];
}

function measure(name: string, text: string, nowMs: () => number, runs: number): ParseMeasurement {
  for (let warm = 0; warm < Math.min(runs, 50); warm++) readDockerfile(text, { buildArgs: {} });
  const times = Array.from({ length: runs }, () => {
    const start = nowMs();
    readDockerfile(text, { buildArgs: {} });
    return nowMs() - start;
  }).sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { name, lines: text.split('\n').length, medianMs: at(0.5), p99Ms: at(0.99) };
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

function fiveHundredLines(): string {
  const kinds = [
    (index: number): string => `FROM golang:1.${index} AS s${index}`,
    (index: number): string => `ENV PATH="/opt/x${index}:$PATH"`,
    (index: number): string => `RUN apt-get update && apt-get install -y package${index} \\`,
    (): string => ' && rm -rf /var/lib/apt/lists/*',
    (index: number): string => `COPY --from=registry.example.com/tools/t${index}:1 --chown=0:0 /a /b`,
    (index: number): string => `RUN --mount=type=bind,from=busybox:${index},target=/x --mount=type=cache,target=/c make`,
    (): string => '# why this is so',
  ];
  return Array.from({ length: 500 }, (_, index) => kinds[index % kinds.length]?.(index) ?? '').join('\n');
}
