// Package livescores shows live scores in browsers: score events of an Amazon MSK
// topic become messages of an API Gateway WebSocket API.
//
//	cluster := msklambda.ImportCluster(stack, "Cluster", clusterProps)
//	livescores.New(otherStack, "LiveScores", cluster, &livescores.Props{Topic: "scores", GroupID: "live-scores"})
//
// It is a consumer of package msklambda and what that needs around it: the API
// with a function behind its routes, the table of who follows which match, and a
// page. The cluster may be one that other consumers read, of this stack or another:
// the network is shared, and nothing of it is defined again.
//
// # Provisioned pollers
//
// What stops one match must not hold up the others. That takes partial batch
// responses, which Lambda has for provisioned pollers only; on-demand ones would
// try a whole batch again for one match. They start at once, too, and need no
// endpoint. They are what costs, also while there
// is no match: see Props.Pollers.
//
// # Ids
//
// Construct ids are contract, as in package msklambda: Table, Followers, API, Stage,
// AccessLog, APIDomain, APIMapping, Routes, Connections, FanOut, FanOutPolicy, Posts,
// Failed, Snapshots, Page, Alarms, Dashboard, LogRole, LogAccount.
package livescores
