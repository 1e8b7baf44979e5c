//! `schemas.*`

use std::sync::Arc;

use steward_schema::Pack;

use crate::app::App;
use crate::dto::{Empty, SchemaDetail, SchemaField, SchemaId, SchemaSummary, Schemas};
use crate::error::ApiResult;

fn summary(pack: &Pack) -> SchemaSummary {
    SchemaSummary {
        id: pack.id.to_string(),
        pack: pack.id.name.clone(),
        version: pack.id.version.clone(),
        title: pack.text("title").to_owned(),
        description: pack.text("description").to_owned(),
        collection: pack.steward.collection.clone(),
        key_field: pack.steward.key.clone(),
        builtin: pack.builtin,
    }
}

pub async fn list(app: &Arc<App>, _: Empty) -> ApiResult<Schemas> {
    Ok(Schemas { schemas: app.registry.all().map(summary).collect() })
}

pub async fn get(app: &Arc<App>, request: SchemaId) -> ApiResult<SchemaDetail> {
    let pack = app.registry.get(&request.schema).map_err(steward_pipeline::Error::from)?;
    let fields = steward_schema::describe(pack).into_iter().map(|f| SchemaField {
        name: f.name,
        title: f.title,
        description: f.description,
        types: f.types,
        required: f.required,
        format: f.format,
        choices: f.choices,
        rules: f.rules,
    });
    Ok(SchemaDetail {
        summary: summary(pack),
        json: pack.json.clone(),
        fields: fields.collect(),
        readme: pack.readme.clone(),
        changelog: pack.changelog.clone(),
    })
}
