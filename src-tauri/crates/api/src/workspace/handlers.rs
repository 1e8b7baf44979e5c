//! `workspace.*`

use steward_store::Store as _;
use steward_store::stage::{Stage, StageOutcome as Outcome};

use crate::caller::Call;
use crate::dto::{
    ConnectionReport, ConnectionStage, CurrentWorkspace, Empty, ForgetWorkspace, JobKind, JobOutcome, JobStarted, JobUnit, OpenWorkspace,
    Permission, RecentWorkspaces, SampleOpened, SetProduction, StageName, StageOutcome, TestConnection, WorkspaceInfo, WorkspaceKind,
    WorkspaceTarget,
};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::jobs;
use crate::workspace::open::{Address, default_workspace, lacks_password, sample_workspace, with_password};

pub async fn current(app: &Call, _: Empty) -> ApiResult<CurrentWorkspace> {
    Ok(CurrentWorkspace { workspace: app.current().map(|open| open.info) })
}

pub async fn recent(app: &Call, _: Empty) -> ApiResult<RecentWorkspaces> {
    Ok(RecentWorkspaces { workspaces: app.recent.list().into_iter().map(|e| e.workspace).collect() })
}

pub async fn open(app: &Call, request: OpenWorkspace) -> ApiResult<WorkspaceInfo> {
    match request.target {
        WorkspaceTarget::Default => open_address(app, Address::File(default_workspace(&app.data)), false).await,
        WorkspaceTarget::File { file } => open_address(app, Address::File(app.files.get(&file)?.0), false).await,
        WorkspaceTarget::Mongo { uri, remember, production } => {
            let address = Address::parse(&uri)?;
            let Address::Mongo(uri) = address else {
                return Err(ApiError::bad_request("A MongoDB address begins with mongodb:// or mongodb+srv://."));
            };
            open_server(app, uri, remember, production).await
        }
        WorkspaceTarget::Recent { id, password, remember } => {
            let entry = app.recent.find(&id)?;
            let known = entry.workspace.address;
            match (entry.workspace.kind, password) {
                (WorkspaceKind::File, _) => open_address(app, Address::File(known.into()), entry.production).await,
                (WorkspaceKind::Mongo, Some(password)) => {
                    open_server(app, with_password(&known, &password), remember, entry.production).await
                }
                (WorkspaceKind::Mongo, None) => open_known_server(app, known, entry.production).await,
            }
        }
    }
}

/// Opens an address as a person gave it; its secret goes to the keyring, or is taken out of it.
async fn open_server(app: &Call, uri: String, remember: bool, production: bool) -> ApiResult<WorkspaceInfo> {
    let address = Address::Mongo(uri.clone());
    let public = address.public();
    let info = open_address(app, address, production).await?;
    let kept = match (remember, public == uri) {
        (_, true) => Ok(()),
        (true, false) => app.secrets.put(&public, &uri).await,
        // Without a keyring there is nothing in it.
        (false, false) => app.secrets.forget(&public).await.or(Ok(())),
    };
    match kept {
        Ok(()) => Ok(info),
        Err(e) => app.update_info(|info| info.notices.push(e.to_string())),
    }
}

/// Opens an address of the list with what the keyring holds for it; asks for the password where that is not enough.
async fn open_known_server(app: &Call, public: String, production: bool) -> ApiResult<WorkspaceInfo> {
    let (uri, why) = match app.secrets.get(&public).await {
        Ok(Some(uri)) => (uri, "The server refused the password from the keyring.".to_owned()),
        Ok(None) => (public.clone(), "The password of this database is not in the keyring, or the keyring is locked.".to_owned()),
        Err(e) => (public.clone(), e.to_string()),
    };
    match open_address(app, Address::Mongo(uri.clone()), production).await {
        Err(e) if e.code == ErrorCode::Unauthorized || (e.code == ErrorCode::BadRequest && lacks_password(&uri)) => {
            Err(ApiError { code: ErrorCode::Unauthorized, message: why, hint: Some("Type the password to open it.".into()), ..e })
        }
        other => other,
    }
}

async fn open_address(app: &Call, address: Address, production: bool) -> ApiResult<WorkspaceInfo> {
    let info = app.open(&address, production).await?;
    app.recent.remember(&info.name, info.kind.clone(), &address.public(), production)?;
    Ok(info)
}

pub async fn close(app: &Call, _: Empty) -> ApiResult<Empty> {
    app.close();
    Ok(Empty {})
}

pub async fn forget(app: &Call, request: ForgetWorkspace) -> ApiResult<RecentWorkspaces> {
    if let Ok(entry) = app.recent.find(&request.id) {
        // Off the list it goes even where the keyring cannot be reached.
        if let Err(e) = app.secrets.forget(&entry.workspace.address).await {
            tracing::warn!("a password could not be taken out of the keyring: {e}");
        }
    }
    app.recent.forget(&request.id)?;
    recent(app, Empty {}).await
}

pub async fn set_production(app: &Call, request: SetProduction) -> ApiResult<WorkspaceInfo> {
    let info = app.update_info(|info| info.production = request.production)?;
    app.recent.remember(&info.name, info.kind.clone(), &info.address, request.production)?;
    Ok(info)
}

/// Files of the bundled sample: good records, and what a bad front end shipped in their place.
const SAMPLE: &[&str] = &["production_career_data.json", "new_career_data.json"];

/// Opens the workspace of the sample and loads it there the first time. Later, a person's edits are in it: nothing is written.
pub async fn open_sample(app: &Call, _: Empty) -> ApiResult<SampleOpened> {
    let address = Address::File(sample_workspace(&app.data));
    let production = app.recent.is_production(&address.public());
    open_address(app, address, production).await?;
    let workspace = app.workspace()?;
    let is_new = workspace.collections().await?.is_empty() && steward_import::runs::list(&workspace).await?.is_empty();
    let job_id = if is_new { Some(init_sample(app, Empty {}).await?.job_id) } else { None };
    Ok(SampleOpened { job_id })
}

pub async fn init_sample(app: &Call, _: Empty) -> ApiResult<JobStarted> {
    let workspace = app.workspace()?;
    Ok(jobs::start(app, JobKind::Sample, "Loading the sample careers", JobUnit::Bytes, move |progress| async move {
        let folder =
            tempfile::tempdir().map_err(|e| ApiError::new(ErrorCode::Internal, "The sample cannot be unpacked.").details(e.to_string()))?;
        let mut files = Vec::new();
        for name in SAMPLE {
            let content = steward_schema::sample("careers", name).ok_or_else(|| ApiError::not_found("The sample is missing."))?;
            let path = folder.path().join(name);
            std::fs::write(&path, content)
                .map_err(|e| ApiError::new(ErrorCode::Internal, "The sample cannot be unpacked.").details(e.to_string()))?;
            files.push(steward_import::import::SourceFile::file(*name, path, steward_domain::SourceChoice::default()));
        }
        let pack = workspace.registry.get("careers").map_err(steward_workspace::Error::from)?;
        let spec = steward_import::import::ImportSpec {
            files,
            collection: pack.steward.collection.clone(),
            key_field: pack.steward.key.clone(),
            schema: pack.id.to_string(),
            mode: steward_domain::ImportMode::Upsert,
            mapping: None,
            duplicates: steward_domain::Duplicates::default(),
            schema_reason: String::new(),
            staging: None,
            promotes: None,
        };
        let (run, _) = steward_import::runs::load(&workspace, &spec, progress.as_ref()).await?;
        if let Err(e) = steward_quality::measure_and_record(&workspace, &spec.collection, progress.as_ref()).await {
            tracing::warn!("the sample could not be measured: {e}");
        }
        Ok(JobOutcome::Run(run))
    }))
}

pub async fn test_connection(_: &Call, request: TestConnection) -> ApiResult<ConnectionReport> {
    let address = Address::parse(&request.uri)?.with_password(request.password.as_deref().unwrap_or_default());
    let Address::Mongo(uri) = &address else {
        return Err(ApiError::bad_request("A MongoDB address begins with mongodb:// or mongodb+srv://."));
    };
    let stages = steward_store_mongo::probe(uri).await;
    let ok = stages.iter().all(|s| matches!(s.outcome, Outcome::Passed | Outcome::NotNeeded));
    let mut server = String::new();
    let mut permissions = Vec::new();
    if ok {
        let store = crate::workspace::open::store(&address).await?;
        server = store.info().await?.server;
        let access = store.access().await?;
        permissions = access.into_iter().map(|a| Permission { name: a.name, allowed: a.allowed, needed_for: a.needed_for }).collect();
    }
    let stages = stages
        .into_iter()
        .map(|s| ConnectionStage {
            name: match s.stage {
                Stage::Name => StageName::Name,
                Stage::Network => StageName::Network,
                Stage::Tls => StageName::Tls,
                Stage::Login => StageName::Login,
                Stage::Permissions => StageName::Permissions,
            },
            outcome: match s.outcome {
                Outcome::Passed => StageOutcome::Passed,
                Outcome::Failed => StageOutcome::Failed,
                Outcome::NotNeeded => StageOutcome::NotNeeded,
                Outcome::NotReached => StageOutcome::NotReached,
            },
            message: s.message,
            hint: s.hint,
            millis: i64::try_from(s.millis).unwrap_or(i64::MAX),
        })
        .collect();
    Ok(ConnectionReport { ok, stages, server, permissions })
}
