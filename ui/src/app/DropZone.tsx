/** Files dropped anywhere on a web page go to the page that is shown if it takes files, else to the import wizard. On the desktop the shell tells of them. */
import { useEffect, useRef, useState } from "react";
import { asApiError } from "@/ipc";
import { offerDropped, uploadFiles, useNativeFiles } from "@/shared/files";
import { useGo } from "@/shared/nav";
import { showError } from "@/shared/ui";
import classes from "./shell.module.css";

export function DropZone() {
  const native = useNativeFiles();
  const [over, setOver] = useState(false);
  const go = useGo();
  const place = useRef(go.place);
  place.current = go.place;

  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      if (native) return;
      uploadFiles([...(event.dataTransfer?.files ?? [])]).then(
        (files) => {
          if (!offerDropped(files)) place.current("/imports");
        },
        (thrown: unknown) => showError(asApiError(thrown)),
      );
    };
    window.addEventListener("dragover", onOver);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("drop", onDrop);
    };
  }, [native]);

  return over ? <div className={classes.drop}>Drop the files here</div> : null;
}
