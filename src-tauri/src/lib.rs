//! Steward's window. The only code that knows Tauri: it hands commands to `api`, events to the page, and dialogs to
//! the operating system.

#![forbid(unsafe_code)]

mod arguments;
mod calls;
mod host;
mod notifier;

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value as Json;
use steward_api::dto::AppEvent;
use steward_api::{Address, ApiError, App, Caller, Origin, dispatch};
use tauri::{DragDropEvent, Emitter, Manager, State, WindowEvent};

use arguments::Arguments;
use calls::Calls;
use host::DesktopHost;

/// Name of the event that carries everything that is sent to the page.
const EVENT: &str = "steward";

/// The one command of the page: a name of the list and its request. One with an id can be left.
#[tauri::command]
async fn call(app: State<'_, Arc<App>>, calls: State<'_, Calls>, name: String, request: Json, id: Option<u64>) -> Result<Json, ApiError> {
    calls.run(id, dispatch::dispatch(&app, &Caller::system_user(Origin::Window), &name, request)).await
}

/// Nobody waits for the answer of this call any more.
#[tauri::command]
fn leave(calls: State<'_, Calls>, id: u64) {
    calls.leave(id);
}

pub use steward_api::reader;

/// Opens the window and stays until it is closed. Exit codes are those of the command line.
pub fn run(words: impl Iterator<Item = String>) -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("STEWARD_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    let arguments = match Arguments::parse(words) {
        Ok(arguments) => arguments,
        Err(failure) => {
            eprintln!("{}", failure.text);
            return ExitCode::from(failure.code);
        }
    };
    if cfg!(target_os = "linux") && std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none() {
        eprintln!("steward-desktop: there is no display to open a window on.");
        eprintln!("  Run 'steward serve' and open the address that it prints, or use the 'steward' command line.");
        return ExitCode::from(3);
    }
    match window(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("steward-desktop: {e}");
            ExitCode::from(3)
        }
    }
}

fn window(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let host = Arc::new(DesktopHost::default());
    let app = App::new(Arc::<DesktopHost>::clone(&host), steward_api::app::data_folder())?;
    tauri::Builder::default()
        .manage(Arc::clone(&app))
        .manage(Calls::default())
        .invoke_handler(tauri::generate_handler![call, leave])
        .setup(move |tauri| {
            open_window(tauri)?;
            host.attach(tauri.handle().clone());
            forward_events(tauri.handle().clone(), &app);
            tauri::async_runtime::block_on(async {
                open_first(&app, &arguments).await;
                steward_api::scheduler::start(&app);
            });
            Ok(())
        })
        .on_window_event(|window, event| match event {
            WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
                let app: State<'_, Arc<App>> = window.state();
                let files = paths.iter().filter(|p| p.is_file()).map(|p| app.files.register(p)).collect();
                app.emit(AppEvent::FilesDropped { files });
            }
            WindowEvent::CloseRequested { api, .. } => {
                let app: State<'_, Arc<App>> = window.state();
                if app.jobs.any_running() {
                    api.prevent_close();
                    ask_before_closing(window.clone(), Arc::clone(&app));
                }
            }
            WindowEvent::Destroyed => {
                let app: State<'_, Arc<App>> = window.state();
                app.close();
            }
            _ => {}
        })
        .run(tauri::generate_context!())?;
    Ok(())
}

/// Opens the workspace that was asked for, the file that was open last, or the default one if there is one. An error is shown by the page.
async fn open_first(app: &Arc<App>, arguments: &Arguments) {
    let default = steward_api::default_workspace(&app.data);
    let address = match &arguments.workspace {
        Some(text) => match Address::parse(text) {
            Ok(address) => address,
            Err(e) => return eprintln!("steward-desktop: {}", e.message),
        },
        None => match app.last_file() {
            Some(address) => address,
            None if default.exists() => Address::File(default),
            None => return,
        },
    };
    let opened = app.open(&address, false).await;
    if let Err(e) = opened.and_then(|_| app.list_as_recent()) {
        eprintln!("steward-desktop: {}", e.message);
        if let Some(hint) = e.hint {
            eprintln!("  {hint}");
        }
    }
}

fn forward_events(handle: tauri::AppHandle, app: &Arc<App>) {
    let mut events = app.listen();
    tauri::async_runtime::spawn(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    // A window that is going away hears nothing any more.
                    let _ = handle.emit(EVENT, event);
                }
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {
                    let _ = handle.emit(EVENT, AppEvent::Missed);
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
            }
        }
    });
}

/// The one window. It shows the program's own page: it goes nowhere else, and opens no other.
fn open_window(tauri: &tauri::App) -> tauri::Result<()> {
    for config in &tauri.config().app.windows {
        tauri::WebviewWindowBuilder::from_config(tauri, config)?
            .on_navigation(is_own_page)
            .on_new_window(|_, _| tauri::webview::NewWindowResponse::Deny)
            .build()?;
    }
    Ok(())
}

/// Pages of the program itself, by the names that systems give them; while it is developed, those of the server next to it.
fn is_own_page(url: &tauri::Url) -> bool {
    let own = matches!((url.scheme(), url.host_str()), ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")));
    own || (tauri::is_dev() && url.host_str() == Some("localhost"))
}

/// Work is running: closing asks, then stops it in a state that can go on later.
fn ask_before_closing(window: tauri::Window, app: Arc<App>) {
    tauri::async_runtime::spawn(async move {
        let stop = host::confirm(
            window.app_handle(),
            "Work is still running",
            "Stop it and close? An import that is stopped can go on later; nothing is left half done.",
            "Stop and close",
            "Keep working",
        )
        .await;
        if !stop {
            return;
        }
        app.jobs.stop_all(std::time::Duration::from_secs(10)).await;
        let _ = window.destroy();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_goes_nowhere_else() {
        let to = |url: &str| is_own_page(&url.parse().expect("a URL"));
        assert!(to("tauri://localhost/records") && to("http://tauri.localhost/") && to("https://tauri.localhost/"));
        for elsewhere in [
            "https://evil.example/",
            "http://127.0.0.1:7377/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            "tauri://evil/",
            "http://tauri.localhost.evil.example/",
        ] {
            assert!(!to(elsewhere), "{elsewhere}");
        }
    }
}
