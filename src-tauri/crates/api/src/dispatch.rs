//! From a command's name and JSON request to its JSON answer. Made from the one list; used by every way in.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value as Json;

use crate::app::App;
use crate::caller::{Call, Caller, Role};
use crate::commands;
use crate::error::{ApiError, ApiResult, ErrorCode};

mod requests {
    pub use crate::dto::*;
}

fn parse<T: serde::de::DeserializeOwned>(name: &str, request: Json) -> ApiResult<T> {
    let request = if request.is_null() { Json::Object(serde_json::Map::new()) } else { request };
    serde_json::from_value(request)
        .map_err(|e| ApiError::bad_request(format!("The request of {name} is not valid.")).details(e.to_string()))
}

fn answer<T: serde::Serialize>(response: &T) -> ApiResult<Json> {
    serde_json::to_value(response).map_err(|e| ApiError::new(ErrorCode::Internal, "The response cannot be written.").details(e.to_string()))
}

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("There is no command '{name}'."))
}

/// The caller's role allows the command.
fn allowed(caller: &Caller, name: &str) -> ApiResult<()> {
    let spec = commands::spec(name).ok_or_else(|| unknown(name))?;
    if caller.role >= spec.role {
        return Ok(());
    }
    let role = |role: Role| format!("{role:?}").to_lowercase();
    Err(ApiError::new(ErrorCode::Forbidden, format!("{} may not do this: it takes the role '{}'.", caller.person, role(spec.role)))
        .hint(format!("Your role here is '{}'. Ask an admin of this workspace.", role(caller.role))))
}

macro_rules! declare_dispatch {
    ($($group:ident { $($(#[doc = $doc:literal])* $class:ident $(($role:ident))? $module:ident::$function:ident $name:literal ($request:ident) -> $response:ident, $cli:ident($words:literal) $(, reads [$($topic:ident),*])?;)* })*) => {
        /// Runs a command. Its future is boxed here, so that the compiler makes its code once, and not again in every program
        /// and for every kind of call: that took minutes.
        ///
        /// Errors: `NotFound` without such a command, `Forbidden` where the caller's role does not allow it, `BadRequest` for a
        /// request that does not fit its type, and those of the command.
        pub fn dispatch(app: &Arc<App>, caller: &Caller, name: &str, request: Json) -> BoxFuture<'static, ApiResult<Json>> {
            if let Err(error) = allowed(caller, name) {
                return Box::pin(std::future::ready(Err(error)));
            }
            let call = Call::new(app, caller.clone());
            match name {
                $($($name => Box::pin(async move {
                    let request: requests::$request = parse($name, request)?;
                    answer(&crate::handlers::$module::$function(&call, request).await?)
                }),)*)*
                _ => Box::pin(std::future::ready(Err(unknown(name)))),
            }
        }
    };
}

crate::for_each_command!(declare_dispatch);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Origin;
    use crate::dto::HostKind;
    use crate::host::PlainHost;

    #[tokio::test]
    async fn a_role_is_asked_for_before_anything_else_happens() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::new(Arc::new(PlainHost(HostKind::Web)), folder.path().to_owned()).unwrap();
        for spec in commands::COMMANDS {
            for role in [Role::Viewer, Role::Editor, Role::Admin] {
                let caller = Caller { person: "ann".into(), role, origin: Origin::Page };
                // No command takes a number: those that are allowed get as far as that, and do nothing.
                let refused = dispatch(&app, &caller, spec.name, Json::from(7)).await.unwrap_err();
                let expected = if role < spec.role { ErrorCode::Forbidden } else { ErrorCode::BadRequest };
                assert_eq!(refused.code, expected, "{} as {role:?}", spec.name);
            }
        }
    }
}
