/** The user's locale. A machine without one (`C`, `POSIX`) writes numbers without separators: there English is better. */
const resolved = new Intl.NumberFormat().resolvedOptions().locale;

export const locale: string | undefined = /posix|^c$/i.test(resolved) ? "en-US" : undefined;
