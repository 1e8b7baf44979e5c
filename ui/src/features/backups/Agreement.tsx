/** What the settings of this workspace want to do outside it. They came with the workspace; a person on this machine agrees. */
import { Alert, Button } from "@mantine/core";
import { IconShieldQuestion } from "@tabler/icons-react";
import { asApiError, call } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useNativeFiles } from "@/shared/files";
import { showError } from "@/shared/ui";

export function Agreement() {
  const native = useNativeFiles();
  const shown = useCall("trust.show", {}).data;
  if (!shown || shown.agreed) return null;
  const agree = async () => {
    try {
      await call("trust.agree", { ids: shown.acts.map((act) => act.id) });
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconShieldQuestion size={18} />}
      title="This workspace needs your permission"
    >
      <p>
        These settings came with the workspace. Steward does none of this until you agree on this machine.
      </p>
      <ul>
        {shown.acts
          .filter((act) => !act.agreed)
          .map((act) => (
            <li key={act.id}>{act.sentence}</li>
          ))}
      </ul>
      {native ? (
        <Button onClick={() => void agree()}>Agree…</Button>
      ) : (
        <p>
          To agree, run this in a terminal on this machine: <code>steward trust agree</code>
        </p>
      )}
    </Alert>
  );
}
