/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // `STEWARD_URL=http://127.0.0.1:7377 npm run dev` works against a running `steward serve`.
  server: {
    port: 5173,
    strictPort: true,
    ...(process.env.STEWARD_URL ? { proxy: { "/api": process.env.STEWARD_URL } } : {}),
  },
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
    // A busy machine may take its time to draw a form.
    testTimeout: 30_000,
  },
});
