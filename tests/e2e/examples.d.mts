/** The folder with the files of `sourceCases`. */
export const sources: string;

export type SourceCase = {
  file: string;
  /** What is recognised of the format, from the outside in. */
  recognised: string[];
  /** The part that has to be chosen: its control, and its name. */
  part?: [control: string, name: string];
};

/** Each holds three language sessions of its own. */
export const sourceCases: SourceCase[];

/** A file of every pack: a right row of it, and a wrong one. */
export function packCases(): { pack: string; rows: string }[];
