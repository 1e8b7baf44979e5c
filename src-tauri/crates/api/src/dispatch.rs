//! From a command's name and JSON request to its JSON answer. Made from the one list; used by every way in.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value as Json;

use crate::app::App;
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
    serde_json::to_value(response).map_err(|e| ApiError::new(ErrorCode::Internal, "The answer cannot be written.").details(e.to_string()))
}

macro_rules! declare_dispatch {
    ($($(#[doc = $doc:literal])* $class:ident $module:ident::$function:ident $name:literal ($request:ident) -> $response:ident, $cli:ident($words:literal);)*) => {
        /// Runs a command. Its future is boxed here, so that the compiler makes its code once, and not again in every program
        /// and for every kind of call: that took minutes.
        pub fn dispatch<'a>(app: &'a Arc<App>, name: &str, request: Json) -> BoxFuture<'a, ApiResult<Json>> {
            match name {
                $($name => Box::pin(async move {
                    let request: requests::$request = parse($name, request)?;
                    answer(&crate::handlers::$module::$function(app, request).await?)
                }),)*
                _ => {
                    let error = ApiError::not_found(format!("There is no command '{name}'."));
                    Box::pin(std::future::ready(Err(error)))
                }
            }
        }
    };
}

crate::for_each_command!(declare_dispatch);
