//! Questions for a secret: at the terminal, without showing what is typed.

use std::io::IsTerminal;

use console::Term;
use steward_api::{ApiError, ApiResult, ErrorCode};

/// How the terminal was before a question, so that it is like that again however the question ends.
#[cfg(unix)]
struct AsItWas(std::fs::File, rustix::termios::Termios);

#[cfg(unix)]
impl AsItWas {
    fn of_now() -> Option<Self> {
        let terminal = std::fs::File::open("/dev/tty").ok()?;
        let mode = rustix::termios::tcgetattr(&terminal).ok()?;
        Some(Self(terminal, mode))
    }
}

#[cfg(unix)]
impl Drop for AsItWas {
    fn drop(&mut self) {
        if let Err(e) = rustix::termios::tcsetattr(&self.0, rustix::termios::OptionalActions::Now, &self.1) {
            tracing::warn!("the terminal could not be reset: {e}");
        }
    }
}

/// Asks for a secret. `None` where nobody sits at a terminal, or nothing was typed.
///
/// Errors: `Cancelled` by Ctrl-C.
pub async fn secret(question: &str) -> ApiResult<Option<String>> {
    if !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    #[cfg(unix)]
    let Some(_as_it_was) = AsItWas::of_now() else {
        return Ok(None);
    };
    let (answer, answered) = tokio::sync::oneshot::channel();
    let question = crate::output::shown(question).into_owned();
    // A thread of its own: one that waits for a key would hold up the end of the program.
    std::thread::spawn(move || {
        let terminal = Term::stderr();
        let typed = terminal.write_str(&format!("{question}: ")).and_then(|()| terminal.read_secure_line());
        // Nobody listens any more after Ctrl-C.
        let _ = answer.send(typed);
    });
    tokio::select! {
        typed = answered => Ok(typed.ok().and_then(Result::ok).filter(|text| !text.is_empty())),
        _ = tokio::signal::ctrl_c() => Err(ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing was done.")),
    }
}

/// Asks for a secret that is new: twice, since nobody can look up what was mistyped.
///
/// Errors: as [`secret`]; `BadRequest` where the two differ.
pub async fn new_secret(question: &str) -> ApiResult<Option<String>> {
    let Some(first) = secret(question).await? else {
        return Ok(None);
    };
    match secret("Once more").await? {
        Some(second) if second == first => Ok(Some(first)),
        _ => Err(ApiError::bad_request("The two differ; nothing was done.")),
    }
}
