//! Notices as notifications of the desktop.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use async_trait::async_trait;
use notify_rust::{Notification, Timeout, Urgency};
use steward_api::host::{Notice, Notifier};

/// The notification service of the desktop. A notice that is delivered again replaces the one before.
pub struct DesktopNotifier;

#[async_trait]
impl Notifier for DesktopNotifier {
    fn name(&self) -> &str {
        "desktop"
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        notice.id.hash(&mut hasher);
        // Zero means a new one to the service.
        let id = u32::try_from(hasher.finish() >> 33).unwrap_or(0).max(1);
        let mut notification = Notification::new();
        notification.appname("Steward").summary(&notice.title).body(&plain(&notice.text)).id(id).timeout(Timeout::Never);
        #[cfg(all(unix, not(target_os = "macos")))]
        notification.urgency(Urgency::Normal);
        tokio::task::spawn_blocking(move || notification.show().map(|_| ()).map_err(|e| e.to_string())).await.map_err(|e| e.to_string())?
    }
}

/// Services read a few tags of HTML in a text: what a notice holds is shown as it is.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_markup() {
        assert_eq!(plain("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}
