//! The web interface is embedded from `ui/dist`. Before its first build the folder holds a page that says so.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/dist");
    if !dist.join("index.html").exists() {
        std::fs::create_dir_all(&dist).expect("ui/dist can be made");
        let page = "<!doctype html><title>Steward</title><p>The interface is not built yet: run <code>npm --prefix ui run build</code>.";
        std::fs::write(dist.join("index.html"), page).expect("ui/dist can be written");
    }
    println!("cargo:rerun-if-changed={}", dist.display());
}
