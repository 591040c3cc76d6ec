// What reading a Dockerfile answers: image uses with ranges and origins, and why BuildKit would refuse the file.
import type { Reference } from '../oci/reference.ts';
import type { CosignError } from '../errors.ts';
import type { Said } from '../said.ts';
import type { TextPosition, TextRange } from '../textRange.ts';

export type { TextPosition, TextRange };

export type ImageUseKind = 'syntax' | 'from' | 'copy-from' | 'mount-from' | 'onbuild';

/** Where a variable's value (or lack of one) in a reference came from. */
export interface ValueOrigin {
  readonly name: string;
  readonly kind:
    | 'arg'        // the default in an ARG line
    | 'setting'    // a build argument from the settings
    | 'platform'   // predefined: TARGETPLATFORM, BUILDARCH, …
    | 'missing';   // declared without a value, or never declared: empty text to BuildKit
  /** The ARG's name (`arg`, `setting`, and `missing` when declared without a value): where "related information" points. */
  readonly range?: TextRange;
  /** The range of the default value itself, quotes included (`arg`): what "pin" edits. */
  readonly valueRange?: TextRange;
  readonly value: string;
}

/** One place in a Dockerfile that names an image the build would pull. Stages and `scratch` are no image uses. */
export interface ImageUse {
  readonly kind: ImageUseKind;
  /** First line of the instruction, from zero. */
  readonly line: number;
  /** Exactly the reference as written: the word after FROM without flags, the value of `--from=`, of `from=`, of `syntax=`. */
  readonly range: TextRange;
  /** The text in that range with line continuations taken out, before expansion. */
  readonly raw: string;
  /** After expansion: what BuildKit would pull. */
  readonly text: string;
  /** The parsed reference; undefined when {@link unresolved} is set. */
  readonly reference?: Reference;
  /** Why no valid reference results. Exactly one of `reference` and `unresolved` is there. */
  readonly unresolved?: CosignError;
  /** Names of arguments used here that have no value (empty text), in order, once each. */
  readonly missing: readonly string[];
  readonly origins: readonly ValueOrigin[];
  /** Name (lower case) or index of the stage this use belongs to (for `from`: the stage it opens); undefined for `syntax`. */
  readonly stage?: string | number;
  /** Expanded `--platform` of the FROM, when given. */
  readonly platform?: string;
}

/** Why BuildKit would refuse the file. */
export interface DockerfileProblem {
  readonly range: TextRange;
  /** One sentence. */
  readonly message: Said;
}

export interface DockerfileImages {
  /** In document order. */
  readonly uses: readonly ImageUse[];
  /** The first thing BuildKit would refuse the file for; the uses that can still be read are there all the same. */
  readonly problem?: DockerfileProblem;
  /** The one of {@link uses} that the last stage is built on, through whatever stages lie between; undefined when that is `scratch`. */
  readonly finalBase?: ImageUse;
}

export interface DockerfileOptions {
  /** Build arguments from the settings (name → value); they count only for declared or platform arguments, as with `--build-arg`. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** What `BUILDPLATFORM` and the default of `TARGETPLATFORM` are, e.g. `linux/amd64`. */
  readonly platform?: string;
}
