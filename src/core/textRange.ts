// A place in a text, as the editor counts it: shared by Dockerfiles and policy files.

/** Zero-based line and UTF-16 column. */
export interface TextPosition { readonly line: number; readonly character: number }
/** End exclusive. */
export interface TextRange { readonly start: TextPosition; readonly end: TextPosition }
