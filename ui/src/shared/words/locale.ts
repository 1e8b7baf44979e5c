/** The user's locale. A machine without one (`C`, `POSIX`) writes numbers without separators: there English is better. */
const resolved = new Intl.NumberFormat().resolvedOptions().locale;

/** For numbers and dates. */
export const locale: string | undefined = /posix|^c$/i.test(resolved) ? "en-US" : undefined;

/** For words: the texts of the window are English wherever it runs. British English lists `a, b and c`. */
export const language = "en-GB";
