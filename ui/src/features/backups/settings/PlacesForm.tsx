/** Where backups go: folders of this machine and buckets. The first place is written to, the others get copies. */
import { ActionIcon, Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconCloud, IconFolder, IconFolderPlus, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, type BackupPlace } from "@/ipc";
import { pickFolder, useNativeFiles } from "@/shared/files";
import { showError, Tag } from "@/shared/ui";
import { bucketKind, bucketPlace, emptyBucket } from "../model";
import classes from "./settings.module.css";

type Props = {
  places: BackupPlace[];
  usualPlace: string;
  readOnly: boolean;
  onChange: (places: BackupPlace[]) => void;
  onSecrets: (address: string, secrets: Record<string, string>) => void;
  onFolder: (handle: string) => Promise<void>;
};

export function PlacesForm({ places, usualPlace, readOnly, onChange, onSecrets, onFolder }: Props) {
  const native = useNativeFiles();
  const [adding, setAdding] = useState(false);
  const pick = async () => {
    try {
      const folder = await pickFolder();
      if (folder) await onFolder(folder.id);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  const remove = (address: string) => onChange(places.filter((place) => place.address !== address));
  return (
    <>
      <ul className={classes.places} aria-label="Backup destinations">
        {places.map((place, at) => (
          <li key={place.address}>
            {place.address.includes("://") ? (
              <IconCloud size={15} className={classes.icon} aria-hidden />
            ) : (
              <IconFolder size={15} className={classes.icon} aria-hidden />
            )}
            <span className={classes.address} title={place.address}>
              <bdi>{place.address}</bdi>
            </span>
            {at > 0 && <Tag>copy</Tag>}
            {place.address === usualPlace && <Tag>default</Tag>}
            <ActionIcon
              aria-label={`Remove the destination ${place.address}`}
              disabled={places.length === 1 || readOnly}
              onClick={() => remove(place.address)}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <p className={classes.hint}>
        Keep one copy on another machine: a backup next to the data is lost with it. Removing a destination
        here does not delete its backups.
        {!native && " Add destinations in the desktop window or with “steward backup schedule --to”."}
      </p>
      {adding ? (
        <BucketForm
          taken={places.map((place) => place.address)}
          onCancel={() => setAdding(false)}
          onAdd={(place, secrets) => {
            if (Object.keys(secrets).length > 0) onSecrets(place.address, secrets);
            onChange([...places, place]);
            setAdding(false);
          }}
        />
      ) : (
        <Group gap="xs">
          {native && (
            <Button
              variant="default"
              leftSection={<IconFolderPlus size={14} />}
              disabled={readOnly}
              onClick={() => void pick()}
            >
              Add a folder…
            </Button>
          )}
          {native && (
            <Button
              variant="default"
              leftSection={<IconPlus size={14} />}
              disabled={readOnly}
              onClick={() => setAdding(true)}
            >
              Add a bucket…
            </Button>
          )}
        </Group>
      )}
    </>
  );
}

type BucketProps = {
  taken: string[];
  onCancel: () => void;
  onAdd: (place: BackupPlace, secrets: Record<string, string>) => void;
};

function BucketForm({ taken, onCancel, onAdd }: BucketProps) {
  const [form, setForm] = useState(emptyBucket);
  const kind = bucketKind(form.address);
  const known = taken.includes(form.address.trim());
  const text = (name: keyof typeof form) => ({
    value: form[name],
    autoComplete: "off",
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [name]: value }));
    },
  });
  const add = () => {
    const { place, secrets } = bucketPlace(form);
    onAdd(place, secrets);
  };
  return (
    <div className={classes.bucket}>
      <Stack gap="xs">
        <TextInput
          label="Bucket address"
          placeholder="s3://bucket/folder"
          description="s3:// (Amazon S3 and compatible services), az:// (Azure), gs:// (Google)."
          error={known ? "This destination is already in the list." : undefined}
          data-autofocus
          {...text("address")}
        />
        {kind === "s3" && (
          <>
            <Group gap="xs" grow>
              <TextInput label="Region" placeholder="eu-central-1" {...text("region")} />
              <TextInput label="Access key" {...text("key")} />
            </Group>
            <PasswordInput size="xs" label="Secret key" {...text("secret")} />
          </>
        )}
        {kind === "az" && (
          <>
            <TextInput label="Storage account" {...text("account")} />
            <PasswordInput size="xs" label="Access key" {...text("secret")} />
          </>
        )}
        {kind === "gs" && (
          <PasswordInput
            size="xs"
            label="Service account key"
            description="The complete JSON text."
            {...text("secret")}
          />
        )}
        {kind && (
          <TextInput label="Endpoint" placeholder="only if it is not the default" {...text("endpoint")} />
        )}
        {kind && <p className={classes.hint}>Secrets are stored in the system keyring.</p>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button disabled={!kind || known} onClick={add}>
            Add the bucket
          </Button>
        </Group>
      </Stack>
    </div>
  );
}
