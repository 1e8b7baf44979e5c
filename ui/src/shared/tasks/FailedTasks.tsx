/** Scheduled tasks that failed, on the page where they belong, until a person has seen it. */
import { Alert, Button, Group } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { when } from "../words/words";
import { placeOf, useFailedTasks, useMarkSeen } from "./tasks";

export function FailedTasks({ place }: { place: "/backups" | "/settings" }) {
  const failed = useFailedTasks().filter(({ name }) => placeOf(name) === place);
  const markSeen = useMarkSeen();
  return (
    <>
      {failed.map((task) => (
        <Alert
          key={task.name}
          color="red"
          variant="light"
          icon={<IconAlertTriangle size={18} />}
          title={`${task.title} failed ${when(task.finishedAt ?? task.startedAt ?? "")}`}
        >
          <Group justify="space-between" gap="sm">
            <span>
              {task.message}
              {task.nextAt && ` Next run: ${when(task.nextAt)}.`}
            </span>
            <Button variant="default" size="compact-sm" onClick={() => markSeen(task)}>
              Mark as seen
            </Button>
          </Group>
        </Alert>
      ))}
    </>
  );
}
