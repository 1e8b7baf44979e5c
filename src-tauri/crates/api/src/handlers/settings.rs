//! `settings.*`: the interface's own JSON, kept with the workspace.

use std::sync::Arc;

use steward_domain::Filter;
use steward_store::{Durability, WriteBatch, WriteOp, names};

use crate::app::App;
use crate::dto::{Empty, Setting, SettingName, Settings, SettingsQuery, Topic};
use crate::error::{ApiError, ApiResult};

pub async fn list(app: &Arc<App>, request: SettingsQuery) -> ApiResult<Settings> {
    let workspace = app.workspace()?;
    let mut settings = Vec::new();
    for doc in workspace.own_documents(names::SETTINGS, Filter::all(), "_id", 10_000).await? {
        let (Ok(name), Ok(value)) = (doc.get_str("_id"), doc.get_str("value")) else {
            continue;
        };
        if name.starts_with(&request.prefix) {
            settings.push(Setting { name: name.to_owned(), value: serde_json::from_str(value).unwrap_or_default() });
        }
    }
    settings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Settings { settings })
}

pub async fn set(app: &Arc<App>, request: Setting) -> ApiResult<Empty> {
    if request.name.is_empty() || request.name.len() > 200 {
        return Err(ApiError::bad_request("A setting needs a name of 1 to 200 characters."));
    }
    let doc = bson::doc! {"_id": request.name, "value": request.value.to_string()};
    app.workspace()?.put(names::SETTINGS, &doc).await?;
    app.changed(&[Topic::Settings], None);
    Ok(Empty {})
}

pub async fn remove(app: &Arc<App>, request: SettingName) -> ApiResult<Empty> {
    let gone = WriteOp::DeleteMany { collection: names::SETTINGS.into(), filter: Filter::eq("_id", request.name) };
    app.workspace()?.store.write(WriteBatch::data(vec![gone]), Durability::Full).await?;
    app.changed(&[Topic::Settings], None);
    Ok(Empty {})
}
