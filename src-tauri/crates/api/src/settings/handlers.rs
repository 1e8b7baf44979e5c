//! `settings.*`: the interface's own JSON, kept with the workspace. Its names begin with `ui.` or `view.`: settings that make something
//! happen have commands of their own, which check what they are given.

use steward_domain::Filter;
use steward_store::{Durability, WriteBatch, WriteOp, names};

use steward_workspace::Event;

use crate::caller::Call;
use crate::dto::{Empty, Setting, SettingName, Settings, SettingsQuery};
use crate::error::{ApiError, ApiResult};

/// What the names of the interface's settings begin with; `view.` is that of saved views.
const OWN: [&str; 2] = ["ui.", "view."];

fn is_own(name: &str) -> bool {
    OWN.iter().any(|prefix| name.starts_with(prefix))
}

fn own(name: &str) -> ApiResult<()> {
    if is_own(name) && name.len() <= 200 {
        return Ok(());
    }
    Err(ApiError::bad_request("A setting of the interface is named 'ui.…', in at most 200 characters."))
}

pub async fn list(app: &Call, request: SettingsQuery) -> ApiResult<Settings> {
    let workspace = app.workspace()?;
    let mut settings = Vec::new();
    for doc in workspace.own_documents(names::SETTINGS, Filter::all(), "_id", 10_000).await? {
        let (Ok(name), Ok(value)) = (doc.get_str("_id"), doc.get_str("value")) else {
            continue;
        };
        if is_own(name) && name.starts_with(&request.prefix) {
            settings.push(Setting { name: name.to_owned(), value: serde_json::from_str(value).unwrap_or_default() });
        }
    }
    settings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Settings { settings })
}

pub async fn set(app: &Call, request: Setting) -> ApiResult<Empty> {
    own(&request.name)?;
    let doc = bson::doc! {"_id": request.name, "value": request.value.to_string()};
    let workspace = app.workspace()?;
    workspace.put(names::SETTINGS, &doc).await?;
    workspace.events.emit(&Event::SettingsChanged);
    Ok(Empty {})
}

pub async fn remove(app: &Call, request: SettingName) -> ApiResult<Empty> {
    own(&request.name)?;
    let gone = WriteOp::DeleteMany { collection: names::SETTINGS.into(), filter: Filter::eq("_id", request.name) };
    let workspace = app.workspace()?;
    workspace.store.write(WriteBatch::data(vec![gone]), Durability::Full).await?;
    workspace.events.emit(&Event::SettingsChanged);
    Ok(Empty {})
}
