//! Plans wait here until they are applied by id, once, or until they are too old. What a plan holds is its feature's affair.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{ApiError, ApiResult, ErrorCode};

/// How long a plan can be applied.
const VALID_FOR: Duration = Duration::from_secs(3600);

/// What a feature planned to do.
pub trait Planned: Any + Send {}

/// When a plan was made, and what it holds.
type Waiting = (Instant, Box<dyn Any + Send>);

/// The plans of this process.
#[derive(Default)]
pub struct Plans {
    plans: Mutex<HashMap<String, Waiting>>,
}

impl Plans {
    pub fn put<P: Planned>(&self, plan: P) -> String {
        let id = steward_workspace::workspace::new_id();
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|_, (made, _)| made.elapsed() < VALID_FOR);
        plans.insert(id.clone(), (Instant::now(), Box::new(plan)));
        id
    }

    /// Takes a plan: it can be applied once.
    ///
    /// Errors: `StalePlan` where there is none of this id and kind, or it is too old.
    pub fn take<P: Planned>(&self, id: &str) -> ApiResult<P> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.get(id).is_none_or(|(_, plan)| !plan.is::<P>()) {
            return Err(stale());
        }
        match plans.remove(id) {
            Some((made, plan)) if made.elapsed() < VALID_FOR => plan.downcast().map(|plan| *plan).map_err(|_| stale()),
            _ => Err(stale()),
        }
    }

    /// Plans belong to a workspace: another one is opened.
    pub fn clear(&self) {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A plan that cannot be applied any more.
pub fn stale() -> ApiError {
    ApiError::new(ErrorCode::StalePlan, "This plan does not fit the data any more, or was applied already.")
        .hint("Make the plan again and look at it once more.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Mine(u32);
    #[derive(Debug)]
    struct Theirs;
    impl Planned for Mine {}
    impl Planned for Theirs {}

    #[test]
    fn a_plan_is_applied_once_and_by_its_own_feature() {
        let plans = Plans::default();
        let id = plans.put(Mine(7));
        assert_eq!(plans.take::<Theirs>(&id).unwrap_err().code, ErrorCode::StalePlan);
        assert_eq!(plans.take::<Mine>(&id).unwrap(), Mine(7));
        assert_eq!(plans.take::<Mine>(&id).unwrap_err().code, ErrorCode::StalePlan);
    }
}
