import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import "@mantine/spotlight/styles.layer.css";
import "@/theme/base.css";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { connect } from "@/ipc";

const root = document.getElementById("root");

connect();
if (root) createRoot(root).render(<App />);
