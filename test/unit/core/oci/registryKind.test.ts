import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { registryKind } from '../../../../src/core/oci/registryKind.ts';

describe('the kind of a registry', () => {
  for (const [host, kind] of [
    ['index.docker.io', 'Docker Hub'], ['docker.io', 'Docker Hub'], ['ghcr.io', 'GitHub'], ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'Amazon ECR'], ['public.ecr.aws', 'Amazon ECR'],
    ['gcr.io', 'Google'], ['eu.gcr.io', 'Google'], ['europe-west1-docker.pkg.dev', 'Google'], ['acme.azurecr.io', 'Azure'], ['quay.io', 'Quay'], ['registry.gitlab.com', 'GitLab'],
    ['localhost:5000', 'this machine'], ['127.0.0.1:32000', 'this machine'], ['[::1]:5000', 'this machine'], ['GHCR.io', 'GitHub'],
  ] as const) it(`${host} is ${kind}`, () => assert.equal(registryKind(host), kind));

  for (const host of ['ghcr.io.example', 'evilghcr.io', 'registry.example', 'quay.io.evil.example', 'notgcr.io', '1.dkr.ecr.x.amazonaws.com.evil.example', 'localhost.example']) {
    it(`${host} is none of them`, () => assert.equal(registryKind(host), 'other'));
  }
});
