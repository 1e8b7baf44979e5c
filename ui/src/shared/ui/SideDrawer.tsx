/** A list at the right edge of the window: jobs, edits that are not saved. */
import { Drawer } from "@mantine/core";

type SideProps = { title: string; opened: boolean; onClose: () => void; children: React.ReactNode };

export function SideDrawer(props: SideProps) {
  return <Drawer {...props} position="right" size={420} transitionProps={{ duration: 120 }} />;
}
