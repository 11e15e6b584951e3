//! What to do about a finding: in words, as commands, and as CloudFormation.
//!
//! *Invariant*: a fix that replaces a bucket's setting as a whole carries what the bucket already has of others; a
//! CloudFormation fragment cannot, and says only what is ours.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// What to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fix {
    /// In words.
    pub advice: String,
    /// As commands for a shell, in order. Empty where no command helps.
    pub cli: Vec<String>,
    /// As resources of a CloudFormation template, by logical id.
    pub cloudformation: Option<Value>,
}

impl Fix {
    /// Only words.
    pub(super) fn advice(advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), cli: Vec::new(), cloudformation: None }
    }
}

/// Makes fixes for one store.
#[derive(Debug, Clone)]
pub(super) struct Fixes {
    /// The store's address; `None` is AWS, for which commands need no address.
    pub(super) endpoint: Option<String>,
    /// The private bucket, to tell the two apart.
    pub(super) private_bucket: String,
}

/// What `aws s3api` takes as JSON, for a shell.
fn quoted(value: &Value) -> String {
    format!("'{}'", value.to_string().replace('\'', r"'\''"))
}

impl Fixes {
    fn aws(&self, rest: &str) -> String {
        let endpoint = self.endpoint.as_ref().map(|endpoint| format!(" --endpoint-url {endpoint}")).unwrap_or_default();
        format!("aws {rest}{endpoint}")
    }

    fn s3api(&self, rest: &str) -> String {
        self.aws(&format!("s3api {rest}"))
    }

    /// The bucket's logical id in templates.
    fn logical(&self, bucket: &str) -> &'static str {
        if bucket == self.private_bucket { "PrivateBucket" } else { "PublicBucket" }
    }

    fn bucket(&self, bucket: &str, properties: Value) -> Value {
        let mut all = json!({ "BucketName": bucket });
        merge(&mut all, properties);
        json!({ self.logical(bucket): { "Type": "AWS::S3::Bucket", "Properties": all } })
    }

    /// The command that removes all objects under a folder.
    pub(super) fn remove_under(&self, bucket: &str, folder: &str) -> String {
        self.aws(&format!("s3 rm --recursive s3://{bucket}/{folder}"))
    }

    /// The bucket is not there.
    pub(super) fn create_bucket(&self, bucket: &str) -> Fix {
        Fix {
            advice: format!("make the bucket {bucket}, or correct its name under [store]"),
            cli: vec![self.s3api(&format!("create-bucket --bucket {bucket}"))],
            cloudformation: Some(self.bucket(bucket, json!({}))),
        }
    }

    /// The server's credentials may not do something. `prefix` is the store's.
    pub(super) fn permission(&self, bucket: &str, action: &str, prefix: &str) -> Fix {
        let on_bucket = matches!(
            action,
            "s3:ListBucket"
                | "s3:ListBucketMultipartUploads"
                | "s3:ListBucketVersions"
                | "s3:GetBucketVersioning"
                | "s3:GetLifecycleConfiguration"
                | "s3:GetBucketCORS"
                | "s3:GetBucketPublicAccessBlock"
        );
        let resource =
            if on_bucket { format!("arn:aws:s3:::{bucket}") } else { format!("arn:aws:s3:::{bucket}/{prefix}*") };
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": [action], "Resource": [resource] }],
        });
        let cli = match self.endpoint {
            // Other stores have permissions of their own kind.
            Some(_) => Vec::new(),
            None => vec![format!(
                "aws iam put-role-policy --role-name ROLE_OF_LANDFALL --policy-name landfall-{} --policy-document {}",
                action.trim_start_matches("s3:"),
                quoted(&document)
            )],
        };
        Fix {
            advice: format!("allow the server's credentials {action} on {resource}"),
            cli,
            cloudformation: Some(json!({
                "LandfallStorePolicy": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": { "PolicyDocument": document },
                },
            })),
        }
    }

    /// The bucket's CORS rules, as `aws s3api` spells them.
    pub(super) fn cors(&self, bucket: &str, rules: &Value, ours: &Value) -> Fix {
        let configuration = quoted(&json!({ "CORSRules": rules }));
        Fix {
            advice: "let pages of your origins send parts and read objects; `landfall bucket setup` does it".to_owned(),
            cli: vec![self.s3api(&format!("put-bucket-cors --bucket {bucket} --cors-configuration {configuration}"))],
            cloudformation: Some(self.bucket(
                bucket,
                json!({ "CorsConfiguration": { "CorsRules": [{
                    "Id": ours["ID"],
                    "AllowedOrigins": ours["AllowedOrigins"],
                    "AllowedMethods": ours["AllowedMethods"],
                    "AllowedHeaders": ours["AllowedHeaders"],
                    "ExposedHeaders": ours["ExposeHeaders"],
                    "MaxAge": ours["MaxAgeSeconds"],
                }] } }),
            )),
        }
    }

    /// Our lifecycle rule, as `aws s3api` spells it.
    pub(super) fn lifecycle(&self, bucket: &str, ours: &Value) -> Fix {
        let configuration = quoted(&json!({ "Rules": [ours] }));
        let rest =
            format!("put-bucket-lifecycle-configuration --bucket {bucket} --lifecycle-configuration {configuration}");
        Fix {
            advice: "let the bucket abort forgotten uploads, later than Landfall does; `landfall bucket setup` does it"
                .to_owned(),
            cli: vec![self.s3api(&rest)],
            cloudformation: Some(self.bucket(
                bucket,
                json!({ "LifecycleConfiguration": { "Rules": [{
                    "Id": ours["ID"],
                    "Status": "Enabled",
                    "Prefix": ours["Filter"]["Prefix"],
                    "AbortIncompleteMultipartUpload": ours["AbortIncompleteMultipartUpload"],
                }] } }),
            )),
        }
    }

    /// Nobody but us may use the bucket.
    pub(super) fn block_public_access(&self, bucket: &str) -> Fix {
        let block = json!({
            "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true,
        });
        let rest =
            format!("put-public-access-block --bucket {bucket} --public-access-block-configuration {}", quoted(&block));
        Fix {
            advice: format!("close the bucket {bucket} to the public; `landfall bucket setup` does it"),
            cli: vec![self.s3api(&rest)],
            cloudformation: Some(self.bucket(bucket, json!({ "PublicAccessBlockConfiguration": block }))),
        }
    }

    /// Everybody may read objects of the bucket, and nothing else.
    pub(super) fn public_read(&self, bucket: &str, policy: &Value) -> Fix {
        let open = json!({
            "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": false, "RestrictPublicBuckets": false,
        });
        let mut cloudformation = self.bucket(bucket, json!({ "PublicAccessBlockConfiguration": open }));
        merge(
            &mut cloudformation,
            json!({ "PublicBucketPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": { "Bucket": { "Ref": self.logical(bucket) }, "PolicyDocument": policy },
            } }),
        );
        let mut cli = Vec::new();
        // Other stores let a policy through as it is.
        if self.endpoint.is_none() {
            cli.push(self.s3api(&format!(
                "put-public-access-block --bucket {bucket} --public-access-block-configuration {}",
                quoted(&open)
            )));
        }
        cli.push(self.s3api(&format!("put-bucket-policy --bucket {bucket} --policy {}", quoted(policy))));
        Fix {
            advice: format!(
                "let everybody read objects of {bucket}, and nothing more; `landfall bucket setup` does it"
            ),
            cli,
            cloudformation: Some(cloudformation),
        }
    }
}

/// One CloudFormation template of all these fixes. Buckets that a stack already has keep their other properties there:
/// this is to be merged into its template, not to be deployed over them.
pub fn template<'a>(fixes: impl IntoIterator<Item = &'a Fix>) -> Value {
    let mut resources = Value::Object(Map::new());
    for fix in fixes {
        if let Some(part) = &fix.cloudformation {
            merge(&mut resources, part.clone());
        }
    }
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}

/// Puts `more` into `whole`: objects by key, arrays one after the other without repetition, anything else replaced.
fn merge(whole: &mut Value, more: Value) {
    match (whole, more) {
        (Value::Object(whole), Value::Object(more)) => {
            for (name, value) in more {
                match whole.get_mut(&name) {
                    Some(there) => merge(there, value),
                    None => drop(whole.insert(name, value)),
                }
            }
        }
        (Value::Array(whole), Value::Array(more)) => {
            for value in more {
                if !whole.contains(&value) {
                    whole.push(value);
                }
            }
        }
        (whole, more) => *whole = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixes(endpoint: Option<&str>) -> Fixes {
        Fixes { endpoint: endpoint.map(str::to_owned), private_bucket: "vault".to_owned() }
    }

    #[test]
    fn one_template_holds_all_fixes_of_a_bucket() {
        let fixes = fixes(None);
        let ours = json!({ "ID": "landfall", "Filter": { "Prefix": "" }, "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 9 } });
        let all = [
            fixes.lifecycle("vault", &ours),
            fixes.block_public_access("vault"),
            fixes.permission("vault", "s3:AbortMultipartUpload", "a/"),
            fixes.permission("vault", "s3:ListBucket", "a/"),
        ];
        let template = template(&all);
        let bucket = &template["Resources"]["PrivateBucket"]["Properties"];
        assert_eq!(bucket["BucketName"], "vault");
        assert_eq!(bucket["LifecycleConfiguration"]["Rules"][0]["Id"], "landfall");
        assert_eq!(bucket["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], true);
        let statements = &template["Resources"]["LandfallStorePolicy"]["Properties"]["PolicyDocument"]["Statement"];
        assert_eq!(statements[0]["Resource"][0], "arn:aws:s3:::vault/a/*");
        assert_eq!(statements[1]["Resource"][0], "arn:aws:s3:::vault");
    }

    #[test]
    fn commands_name_the_store_that_is_not_amazons() {
        let there = fixes(Some("https://s3.example.org")).create_bucket("shop");
        assert_eq!(there.cli, ["aws s3api create-bucket --bucket shop --endpoint-url https://s3.example.org"]);
        assert_eq!(fixes(None).create_bucket("shop").cli, ["aws s3api create-bucket --bucket shop"]);
    }

    #[test]
    fn json_in_commands_survives_the_shell() {
        assert_eq!(quoted(&json!({ "a": "it's" })), r#"'{"a":"it'\''s"}'"#);
    }
}
