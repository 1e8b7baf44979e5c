import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { connect } from "@/ipc";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@/theme/base.css";

const root = document.getElementById("root");

connect();
if (root) createRoot(root).render(<App />);
