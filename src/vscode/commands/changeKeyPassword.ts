// Commands: another password for a private key, and forgetting the remembered ones.
import { CosignError, toCosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import { isSecretReference } from '../../core/kubernetes/secretReference.ts';
import { failureText } from '../../presentation/failureText.ts';
import { inform } from '../messages.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { describeKeys } from './keySteps.ts';
import { newPasswordSteps } from './newKeyPairSteps.ts';
import { keyFileStep, type PrivateKeyState } from './privateKeySteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps, back, enter, type Step } from './steps.ts';
import { requireTrustedWorkspace } from './workspaceTrust.ts';
import type { SigningEngine } from '../../core/signingEngine.ts';

interface State extends PrivateKeyState {
  readonly oldPassword?: string;
  /** The new one. */
  readonly password?: string;
}

export const changeKeyPassword: Command = async (context) => {
  requireTrustedWorkspace();
  const { signing } = await context.engine.get();
  const start: State = {};
  const keyStep = keyFileStep<State>(context, (state, privateKey) => {
    if (/^env:/i.test(privateKey.reference)) {
      throw new CosignError('KEY_UNSUPPORTED', said`${privateKey.reference} is an environment variable, which cannot be written to.`, { remedy: said`Choose its file instead.` });
    }
    if (!isSecretReference(privateKey.reference)) return Promise.resolve({ ...state, privateKey });
    throw new CosignError('KEY_UNSUPPORTED', said`The password of a key in Kubernetes stands beside the key, so another one would protect nothing.`, { remedy: said`Generate another key pair in Kubernetes.` });
  });
  const { privateKey, oldPassword, password } = await askSteps(t('Change Key Password'), [keyStep, oldPasswordStep(context, signing), ...newPasswordSteps<State>()], start);
  if (!privateKey || oldPassword === undefined || password === undefined) return;
  const description = await runWithProgress(t('Changing the password of {0}', privateKey.name), (signal) => signing.changePassword(privateKey.reference, oldPassword, password, signal));
  // It was remembered because the person wanted so; the old one opens nothing any more.
  if (await context.passwords.isRemembered(privateKey)) await context.passwords.remember(privateKey, password);
  void inform(t('The password of {0} ({1}) is another one now.', privateKey.name, describeKeys([description])));
};

/** Whoever changes a password knows the old one: it is asked even where it is remembered. */
function oldPasswordStep({ settings }: CommandContext, signing: SigningEngine): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const { privateKey } = state;
      if (!privateKey) return back;
      const { unlockedForMs } = settings.forResource(undefined).signing;
      const oldPassword = await enter(place, {
        prompt: t('The password that {0} has now', privateKey.name), password: true,
        validate: async (value, accepting, signal) => {
          if (!accepting) return undefined;
          try {
            await signing.unlock(privateKey, value, unlockedForMs, signal);
            if (unlockedForMs === 0) signing.lock(privateKey);
            return undefined;
          } catch (error) {
            signal.throwIfAborted();
            const failure = toCosignError(error);
            return failure.code === 'KEY_PASSWORD_WRONG' ? t('The password is wrong. Try again.') : failureText(failure, t).text;
          }
        },
      });
      return oldPassword === back ? back : { ...state, oldPassword };
    },
  };
}

export const forgetPasswords: Command = async ({ passwords, engine }) => {
  engine.ready?.signing.lock();
  await passwords.forgetAll();
  void inform(t('No password is remembered and no key is unlocked any more.'));
};
