using Hnv.Model.Resources;
using Hnv.Model.Validation;
using static Hnv.Model.Tests.Sample;

namespace Hnv.Model.Tests.Validation;

public class ModelValidatorTests
{
    [Fact]
    public void Validate_TheSameAgain_ChangesNothing()
    {
        ValidationOutcome outcome = ModelValidator.Validate(Cloud, ChangeSet.Put(Cloud.All));
        Assert.Empty(outcome.Findings);
        Assert.All(outcome.Changes, c => Assert.Equal(ChangeOutcome.Unchanged, c.Outcome));
    }

    [Fact]
    public void Validate_MoreMistakesThanAreTold_SaysHowTheyAreCut()
    {
        ValidationOutcome outcome = ModelValidator.Validate(Cloud, ChangeSet.Put([.. Enumerable.Range(0, 3000).Select(n => new Tenant { Name = $"T{n}" })]));
        Assert.Equal(FindingLimit.PerRequest + 1, outcome.Findings.Length);
        Assert.Equal(new Finding("Tenant T1000", "", "and more; the first 1000 findings are shown", null, 1000), outcome.Findings[^1]);
    }

    [Fact]
    public void Validate_NewTenant_IsMadeFirst()
    {
        ValidationOutcome outcome = ModelValidator.Validate(Cloud, ChangeSet.Put(new VmNetwork { Name = "n", Tenant = "t" }, new VmNetwork { Name = "m", Tenant = "t" }));
        Assert.Equal(["Tenant t", "VmNetwork t/n", "VmNetwork t/m"], outcome.Changes.Select(c => c.Id.ToString()));
        Assert.Equal([null, 0, 1], outcome.Changes.Select(c => c.Document));
        Assert.NotNull(outcome.Next.FindTenant("t"));
    }

    [Fact]
    public void Validate_NewTenantForATenantsAdministrator_IsFoundOnceAndNotMade()
    {
        ValidationOutcome outcome = ModelValidator.Validate(
            Cloud, ChangeSet.Put(new VmNetwork { Name = "n", Tenant = "t" }, new VmNetwork { Name = "m", Tenant = "t" }), Viewer.OfTenant("t"));
        Assert.Equal([new Finding("VmNetwork t/n", "/tenant", "there is no Tenant t", "an administrator of the cloud makes tenants", 0)], outcome.Findings);
        Assert.Null(outcome.Next.FindTenant("t"));
    }

    [Fact]
    public void Validate_Outcomes_SayWhatBecameOfEach()
    {
        ValidationOutcome outcome = ModelValidator.Validate(
            Cloud,
            ChangeSet.Put(Host("new"), Host("host1", "192.168.4.11"), Blue2 with { Addresses = [] })
                .And(ChangeSet.Delete(Appliance.Id, Host("absent").Id)));
        Assert.Empty(outcome.Findings);
        Assert.Equal(
            [ChangeOutcome.Created, ChangeOutcome.Unchanged, ChangeOutcome.Changed, ChangeOutcome.Deleted, ChangeOutcome.Absent],
            outcome.Changes.Select(c => c.Outcome));
    }

    [Fact]
    public void Validate_AnObjectTwice_IsFoundAtTheSecond() => Finds(
        ChangeSet.Put(Host("host9"), Host("host9", "192.168.4.9")), new Finding("Host host9", "", "is said twice", "say each object once", 1));

    [Fact]
    public void Validate_Findings_DoNotTouchTheCurrentModel()
    {
        int count = Cloud.Count;
        Assert.False(ModelValidator.Validate(Cloud, ChangeSet.Put(Host("BAD"))).IsValid);
        Assert.Equal(count, Cloud.Count);
        Assert.Null(Cloud.FindHost("BAD"));
    }

    [Fact]
    public void Validate_MistakesInSeveralObjects_AreAllFoundWithTheirDocuments() => Assert.Equal(
        [("Host BAD", 0), ("Port blue-corp/x", 1), ("Port blue-corp/x", 1), ("Port blue-corp/x", 1)],
        ModelValidator.Validate(
                Cloud, ChangeSet.Put(Host("BAD"), Port("x", "00:00:00:00:00:00", "10.1.0.1") with { Host = "nowhere" }))
            .Findings.Select(f => (f.Object, f.Document!.Value)));
}
