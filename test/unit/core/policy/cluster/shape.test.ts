import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clusterImagePolicy, type Shape } from '../../../../../src/core/policy/cluster/shape.ts';
import { clusterImagePolicySpec, toShape } from '../../../../support/clusterImagePolicyCrd.ts';

/** Every field by its path, with its kind. */
function fields(shape: Shape, path = ''): readonly string[] {
  const own = `${path}: ${shape.kind}`;
  if (shape.kind === 'map') return [own, ...Object.entries(shape.fields).flatMap(([name, value]) => fields(value, `${path}.${name}`))];
  return shape.kind === 'list' ? [own, ...fields(shape.of, `${path}[]`)] : [own];
}

it('the fields of a ClusterImagePolicy are those of its CustomResourceDefinition', () => {
  assert.ok(clusterImagePolicy.kind === 'map');
  const { spec } = clusterImagePolicy.fields;
  assert.ok(spec);
  assert.deepEqual([...fields(spec)].sort(), [...fields(toShape(clusterImagePolicySpec))].sort());
});
