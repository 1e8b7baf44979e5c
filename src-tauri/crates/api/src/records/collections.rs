//! `collections.*`

use steward_domain::Filter;
use steward_workspace::Workspace;

use crate::caller::Call;
use crate::dto::{AssignSchema, CollectionInfo, Collections, Empty};
use crate::error::ApiResult;

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(crate) async fn describe(workspace: &Workspace, name: &str) -> ApiResult<CollectionInfo> {
    let settings = workspace.settings(name).await?;
    let indexes = workspace.store.indexes(name).await?;
    Ok(CollectionInfo {
        name: name.to_owned(),
        records: number(workspace.store.count(name, &Filter::all()).await?),
        key_field: settings.key_field,
        title_field: settings.title_field,
        schema: (!settings.schema.is_empty()).then_some(settings.schema),
        waiting: number(steward_import::quarantine::waiting(workspace, name).await?),
        indexed_fields: indexes.iter().filter_map(|i| i.fields.first().cloned()).collect(),
        text_fields: indexes.iter().flat_map(|i| i.text.clone()).collect(),
    })
}

pub async fn list(app: &Call, _: Empty) -> ApiResult<Collections> {
    let workspace = app.workspace()?;
    let mut collections = Vec::new();
    for name in workspace.collections().await? {
        collections.push(describe(&workspace, &name).await?);
    }
    Ok(Collections { collections })
}

pub async fn assign_schema(app: &Call, request: AssignSchema) -> ApiResult<CollectionInfo> {
    let workspace = app.workspace()?;
    let pack = match request.schema.as_deref().filter(|s| !s.is_empty()) {
        Some(id) => Some(workspace.registry.get(id).map_err(steward_workspace::Error::from)?),
        None => None,
    };
    workspace.assign(&request.collection, pack, None).await?;
    describe(&workspace, &request.collection).await
}
