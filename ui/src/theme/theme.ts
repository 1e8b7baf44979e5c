/** Mantine, dressed in the tokens. */
import {
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  type MantineColorsTuple,
  Modal,
  Tooltip,
} from "@mantine/core";
import { cssVariables, dark, light, type Tokens } from "./tokens";

const teal: MantineColorsTuple = [
  "#e6f4f2",
  "#cfe8e5",
  "#a3d3ce",
  "#73bcb5",
  "#45a69d",
  "#238f86",
  "#127f76",
  "#0f766e",
  "#0b655e",
  "#084f4a",
];

/** Mantine's own dark greys, in the hue of the tokens. */
const darkGreys: MantineColorsTuple = [
  dark.text,
  dark.dim,
  dark.faint,
  "#6d7c7b",
  dark.lineStrong,
  "#2c3838",
  dark.raised,
  dark.surface,
  dark.sunken,
  "#0c1111",
];

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 6 },
  colors: { teal, dark: darkGreys },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontWeight: "600" },
  defaultRadius: 5,
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        transitionProps: { duration: 100 },
        overlayProps: { opacity: 0.4 },
        closeButtonProps: { "aria-label": "Close" },
      },
    }),
    Drawer: Drawer.extend({ defaultProps: { closeButtonProps: { "aria-label": "Close" } } }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 300, transitionProps: { duration: 80 }, withArrow: false, offset: 4 },
      styles: {
        tooltip: {
          background: "var(--st-raised)",
          color: "var(--st-text)",
          border: "1px solid var(--st-line-strong)",
          boxShadow: "0 4px 14px rgb(0 0 0 / 0.12)",
        },
      },
    }),
    Input: { styles: { input: { color: "var(--st-text)" } } },
    InputWrapper: {
      styles: { description: { fontSize: 12, color: "var(--st-dim)" }, error: { fontSize: 12 } },
    },
    InlineInput: { styles: { description: { fontSize: 12, color: "var(--st-dim)" } } },
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 28 } },
    TextInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { transitionProps: { duration: 80 } } } },
    MultiSelect: { defaultProps: { size: "xs" } },
    TagsInput: { defaultProps: { size: "xs" } },
    Autocomplete: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Radio: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    // The focus goes to the first item: a placeholder before it is no child that a menu may have.
    Menu: {
      defaultProps: { shadow: "md", transitionProps: { duration: 80 }, withInitialFocusPlaceholder: false },
    },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 80 } } },
  },
});

function mantineVariables(tokens: Tokens): Record<string, string> {
  return {
    ...cssVariables(tokens),
    "--mantine-color-body": tokens.surface,
    "--mantine-color-text": tokens.text,
    "--mantine-color-dimmed": tokens.dim,
    "--mantine-color-placeholder": tokens.faint,
    "--mantine-color-default": tokens.surface,
    "--mantine-color-default-hover": tokens.hover,
    "--mantine-color-default-border": tokens.lineStrong,
    "--mantine-color-default-color": tokens.text,
    "--mantine-color-error": tokens.bad,
    "--mantine-color-anchor": tokens.accentText,
    "--mantine-primary-color-light-color": tokens.accentText,
    "--mantine-color-teal-light-color": tokens.accentText,
    "--mantine-color-teal-light": tokens.accentWeak,
    "--mantine-color-red-filled": tokens.badFill,
    "--mantine-color-red-filled-hover": tokens.badFill,
    "--mantine-color-red-light-color": tokens.bad,
    "--mantine-color-red-light": tokens.badWeak,
    "--mantine-color-yellow-light-color": tokens.warn,
    "--mantine-color-yellow-light": tokens.warnWeak,
    "--mantine-color-gray-light-color": tokens.dim,
    "--mantine-color-gray-text": tokens.dim,
  };
}

export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: mantineVariables(light),
  dark: mantineVariables(dark),
});
