// Errors stay what they are when they cross from one bundle to another.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError, toCosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { RegistryFailure } from '../../../src/core/oci/registryError.ts';

/** As another bundle makes it: the same class by name and shape, from other code. */
function foreign(name: string, code: unknown): Error {
  return Object.assign(new Error('from elsewhere'), { name, code, remedy: undefined });
}

describe('an error', () => {
  it('of another copy of the code keeps its code', () => {
    const error = foreign('CosignError', 'KEY_PASSWORD_WRONG');
    assert.equal(toCosignError(error), error);
  });
  for (const [what, thrown] of [['with another name', foreign('Error', 'KEY_PASSWORD_WRONG')], ['with an unknown code', foreign('CosignError', 'ENOENT')], ['that is none', { name: 'CosignError', code: 'INTERNAL' }]] as const) {
    it(`${what} is a mistake of ours`, () => {
      assert.ok(!(thrown instanceof CosignError));
      assert.equal(toCosignError(thrown).code, 'INTERNAL');
    });
  }
  it('of the general kind is none of a special kind', () => {
    assert.ok(!(new CosignError('INTERNAL', said`x`) instanceof RegistryFailure));
  });
});
