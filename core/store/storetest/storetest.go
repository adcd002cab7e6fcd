// Package storetest is the suite that every core.Store passes.
package storetest

import (
	"testing"

	"berth/core"
)

// Run tests a store. Each call of open returns another handle on one and the same database, which is migrated and
// empty at the first call, and closes it when its t ends.
func Run(t *testing.T, open func(t *testing.T) core.Store) {
	s := open(t)
	for _, c := range []struct {
		name string
		test func(w *world)
	}{
		{"Empty", testEmpty},
		{"Tenants", testTenants},
		{"Memberships", testMemberships},
		{"Invitations", testInvitations},
		{"TenantPages", testTenantPages},
		{"TenantDelete", testTenantDelete},
		{"People", testPeople},
		{"Users", testUsers},
		{"Sessions", testSessions},
		{"SessionsOfUser", testSessionsOfUser},
		{"Tickets", testTickets},
		{"TwoFactors", testTwoFactors},
		{"Identities", testIdentities},
		{"Setup", testSetup},
		{"Tokens", testTokens},
		{"OwnTokens", testOwnTokens},
		{"Apps", testApps},
		{"AppSpec", testAppSpec},
		{"AppStatus", testAppStatus},
		{"AppDelete", testAppDelete},
		{"AppFilter", testAppFilter},
		{"AppPages", testAppPages},
		{"Versions", testVersions},
		{"Releases", testReleases},
		{"ReleasePick", testReleasePick},
		{"ReleaseUse", testReleaseUse},
		{"Canaries", testCanaries},
		{"SwitchCounts", testSwitchCounts},
		{"Scalings", testScalings},
		{"Switches", testSwitches},
		{"Drafts", testDrafts},
		{"Instances", testInstances},
		{"Answers", testAnswers},
		{"InstancePort", testInstancePort},
		{"Hosts", testHosts},
		{"HostUse", testHostUse},
		{"Ports", testPorts},
		{"Operations", testOperations},
		{"Events", testEvents},
		{"Uploads", testUploads},
		{"Credentials", testCredentials},
		{"Plans", testPlans},
		{"Usage", testUsage},
		{"UsageGivenBack", testUsageGivenBack},
		{"UsageIsolation", testUsageIsolation},
		{"UsageRecount", testUsageRecount},
		{"UsageSamples", testUsageSamples},
		{"Measured", testMeasured},
		{"QuotaRequests", testQuotaRequests},
		{"Traffic", testTraffic},
		{"TCPPorts", testTCPPorts},
		{"TCPPortTaken", testTCPPortTaken},
		{"Domains", testDomains},
		{"DomainHeld", testDomainHeld},
		{"DomainDue", testDomainDue},
		{"Certificates", testCertificates},
		{"CertificateClaim", testCertificateClaim},
		{"CertificateAsk", testCertificateAsk},
		{"CertificateFailing", testCertificateFailing},
		{"BaseCertificate", testBaseCertificate},
		{"ACMEAccounts", testACMEAccounts},
		{"AlertRules", testAlertRules},
		{"AlertChannels", testAlertChannels},
		{"AlertSilences", testAlertSilences},
		{"Alerts", testAlerts},
		{"AlertNotices", testAlertNotices},
		{"AlertLead", testAlertLead},
		{"LogDrains", testLogDrains},
		{"Bytes", testBytes},
		{"Times", testTimes},
		{"OddIDs", testOddIDs},
		{"Isolation", testIsolation},
		{"IsolationOfWrites", testIsolationOfWrites},
		{"NarrowedToken", testNarrowedToken},
		{"Unscoped", testUnscoped},
		{"Audit", testAudit},
		{"AuditFilter", testAuditFilter},
		{"AuditScope", testAuditScope},
		{"AuditPages", testAuditPages},
		{"AuditPrune", testAuditPrune},
		{"AuditInTransact", testAuditInTransact},
		{"Support", testSupport},
		{"SupportTimes", testSupportTimes},
		{"SupportSearch", testSupportSearch},
		{"Transact", testTransact},
		{"TransactNested", testTransactNested},
		{"TransactPanic", testTransactPanic},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newWorld(t, s)) })
	}
	t.Run("Races", func(t *testing.T) { testRaces(t, s, open(t)) })
}
