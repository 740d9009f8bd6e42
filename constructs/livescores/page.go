package livescores

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3deployment"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"msklambda/constructs/internal/nag"
	"msklambda/constructs/livescores/page"
	"msklambda/lambda/livescores/layout"
)

// definePage defines the page: a bucket that only CloudFront reads.
//
// The files get there by CDK's BucketDeployment, a function that runs while the
// stack is deployed. CloudFormation has no resource for an object of a bucket, so
// that the choice is between CDK's function and one of our own; CDK's is tried by
// many, and kept on a supported runtime by whoever updates CDK. Its role is wider
// than those here: it may read the bucket of CDK's assets, and write to this one.
func (l *LiveScores) definePage(props *Props) {
	scope := constructs.NewConstruct(l, jsii.String("Page"))
	l.Page = awss3.NewBucket(scope, jsii.String("Bucket"), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // the deployment takes its files along
	})
	nag.Explain(l.Page, "AwsSolutions-S1", "a public page, read by CloudFront alone")
	headers := l.headers(scope)
	behavior := func(bucket awss3.Bucket, id, suffix string) *awscloudfront.BehaviorOptions {
		return &awscloudfront.BehaviorOptions{
			Origin: awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(bucket, &awscloudfrontorigins.S3BucketOriginWithOACProps{
				OriginAccessControl: awscloudfront.NewS3OriginAccessControl(scope, &id,
					&awscloudfront.S3OriginAccessControlProps{OriginAccessControlName: l.global(scope, suffix)}),
			}),
			ViewerProtocolPolicy:  awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
			ResponseHeadersPolicy: headers,
		}
	}
	snapshots := behavior(l.Snapshots, "SnapshotAccess", "files")
	snapshots.CachePolicy = awscloudfront.NewCachePolicy(scope, jsii.String("Copies"), &awscloudfront.CachePolicyProps{
		CachePolicyName: l.global(scope, "copies"),
		MinTtl:          awscdk.Duration_Seconds(jsii.Number(0)),
		DefaultTtl:      awscdk.Duration_Seconds(jsii.Number(1)),
		MaxTtl:          awscdk.Duration_Seconds(jsii.Number(layout.SnapshotTTL.Seconds())),

		EnableAcceptEncodingBrotli: jsii.Bool(true),
		EnableAcceptEncodingGzip:   jsii.Bool(true),
	})
	distribution := &awscloudfront.DistributionProps{
		Comment:             jsii.String("The page of the live scores"),
		DefaultRootObject:   jsii.String("index.html"),
		DefaultBehavior:     behavior(l.Page, "AccessControl", "access"),
		AdditionalBehaviors: &map[string]*awscloudfront.BehaviorOptions{layout.Snapshots + "*": snapshots},
		// What is not there yet may be in a moment.
		ErrorResponses: &[]*awscloudfront.ErrorResponse{{HttpStatus: jsii.Number(403), Ttl: awscdk.Duration_Seconds(jsii.Number(1))}},
	}
	if d := props.PageDomain; d != nil {
		distribution.DomainNames = &[]*string{&d.Name}
		distribution.Certificate = d.Certificate
		distribution.MinimumProtocolVersion = awscloudfront.SecurityPolicyProtocol_TLS_V1_2_2021
	}
	l.Distribution = awscloudfront.NewDistribution(scope, jsii.String("Distribution"), distribution)
	nag.Explain(l.Distribution, "AwsSolutions-CFR1", "scores are for every country")
	nag.Explain(l.Distribution, "AwsSolutions-CFR2", "static files without a server behind them; what is asked of the API is limited there")
	nag.Explain(l.Distribution, "AwsSolutions-CFR3", "a public page, the same for everybody")
	if props.PageDomain == nil {
		nag.Explain(l.Distribution, "AwsSolutions-CFR4", "without a domain of one's own CloudFront has one certificate, for which it fixes the protocol")
	}
	l.defineFiles(scope, props)
}

// global names what is in no region, for the region of this stack: the names that
// CDK makes would be the same for the same stack elsewhere, which CloudFront refuses.
func (l *LiveScores) global(scope constructs.Construct, suffix string) *string {
	const most = 64 // of an origin access control; others may be longer
	region := *stackOf(l).Region()
	name := *awscdk.Names_UniqueResourceName(scope, &awscdk.UniqueResourceNameOptions{
		MaxLength: jsii.Number(most - len("-ap-northeast-1-access"))})
	return jsii.String(fmt.Sprintf("%s-%s-%s", name, region, suffix))
}

// headers let the page talk to this API and load what is its own, and nothing else.
func (l *LiveScores) headers(scope constructs.Construct) awscloudfront.ResponseHeadersPolicy {
	endpoint := *l.API.ApiEndpoint()
	if l.APIDomain != nil {
		endpoint = l.WebSocketURL
	}
	csp := page.Policy(endpoint)
	return awscloudfront.NewResponseHeadersPolicy(scope, jsii.String("Headers"), &awscloudfront.ResponseHeadersPolicyProps{
		ResponseHeadersPolicyName: l.global(scope, "headers"),
		SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
			ContentSecurityPolicy: &awscloudfront.ResponseHeadersContentSecurityPolicy{ContentSecurityPolicy: &csp, Override: jsii.Bool(true)},
			ContentTypeOptions:    &awscloudfront.ResponseHeadersContentTypeOptions{Override: jsii.Bool(true)},
			ReferrerPolicy: &awscloudfront.ResponseHeadersReferrerPolicy{
				ReferrerPolicy: awscloudfront.HeadersReferrerPolicy_NO_REFERRER, Override: jsii.Bool(true)},
			StrictTransportSecurity: &awscloudfront.ResponseHeadersStrictTransportSecurity{
				AccessControlMaxAge: awscdk.Duration_Days(jsii.Number(365)), Override: jsii.Bool(true)},
		},
	})
}

func (l *LiveScores) defineFiles(scope constructs.Construct, props *Props) {
	matches := props.Matches
	if matches == nil {
		matches = []string{}
	}
	sources := []awss3deployment.ISource{awss3deployment.Source_JsonData(jsii.String(page.Config), map[string]any{
		"url": l.WebSocketURL, "matches": matches,
	}, nil)}
	for name, text := range page.Files() {
		sources = append(sources, awss3deployment.Source_Data(&name, &text, nil))
	}
	deployment := awss3deployment.NewBucketDeployment(scope, jsii.String("Deployment"), &awss3deployment.BucketDeploymentProps{
		DestinationBucket: l.Page,
		Sources:           &sources,
		RetainOnDelete:    jsii.Bool(false),
		// Short, in place of an invalidation at each deploy and the right to make one.
		CacheControl: &[]awss3deployment.CacheControl{
			awss3deployment.CacheControl_SetPublic(), awss3deployment.CacheControl_MaxAge(awscdk.Duration_Minutes(jsii.Number(1)))},
	})
	const reason = "CDK's own function, which runs while the stack is deployed: it reads CDK's assets and writes the page's bucket"
	role := deployment.HandlerRole().(awsiam.Role)
	nag.Explain(role, "AwsSolutions-IAM4", reason)
	nag.Explain(role.Node().FindChild(jsii.String("DefaultPolicy")), "AwsSolutions-IAM5", reason)
	nag.Explain(role.Node().Scope(), "AwsSolutions-L1", reason)
}
