using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Hnv.Model.Addressing;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Model.Tests.Validation;

public class ModelValidatorProperties
{
    private static readonly Arbitrary<ImmutableArray<ChangeSet>> Histories =
        ResourceGenerators.ChangeSet.ArrayOf().Select(sets => sets.ToImmutableArray()).ToArbitrary();

    [Fact]
    public void Validate_AnyChangesOfAnyModel_NeverThrows() => Prop
        .ForAll(Histories, history =>
        {
            // Bad changes are taken in too: the next one meets a model that is wrong.
            CloudModel model = CloudModel.Empty;
            foreach (ChangeSet changes in history)
            {
                model = ModelValidator.Validate(model, changes, Viewer.OfTenant("a")).Next;
                _ = ModelConditions.Of(model).Count();
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Validate_ChangesThatWereAccepted_MakeAModelThatIsRightAsAWhole()
    {
        HashSet<ResourceKind> kinds = [];
        int accepted = 0;
        Prop.ForAll(SoundChanges.History.ToArbitrary(), history =>
            {
                CloudModel model = CloudModel.Empty;
                foreach (ChangeSet changes in history)
                {
                    ValidationOutcome outcome = ModelValidator.Validate(model, changes);
                    if (!outcome.IsValid)
                    {
                        continue;
                    }

                    accepted++;
                    model = outcome.Next;
                    kinds.UnionWith(model.All.Select(r => r.Id.Kind));
                    Assert.Empty(ModelValidator.Validate(CloudModel.Empty, ChangeSet.Put(model.All)).Findings);
                }
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        Assert.Equal(Enum.GetValues<ResourceKind>().Length, kinds.Count);
        Assert.True(accepted > 5000, $"Only {accepted} of 30000 change sets were accepted: the property says too little.");
    }

    [Fact]
    public void Validate_AnyHistory_LeasesAreUniqueOfTheRangeAndGivenWhereverOneIsFree()
    {
        int leased = 0;
        int exhausted = 0;
        Prop.ForAll(SoundChanges.History.ToArbitrary(), history =>
            {
                CloudModel model = CloudModel.Empty;
                foreach (ChangeSet changes in history)
                {
                    ValidationOutcome outcome = ModelValidator.Validate(model, changes);
                    if (!outcome.IsValid)
                    {
                        continue;
                    }

                    CloudModel before = model;
                    model = outcome.Next;
                    foreach (Port port in model.Ports)
                    {
                        AddressPool? pool = model.FindSubnet(port.Vsid)!.Subnet.Pool;
                        foreach (AddressFamily family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
                        {
                            bool wants = pool?.RangeOf(family) is not null && port.Addresses.All(a => a.AddressFamily != family);
                            IPAddress[] leases = [.. port.Leases.Where(a => a.AddressFamily == family)];
                            leased += leases.Length;
                            Assert.True(leases.Length <= (wants ? 1 : 0), $"{port.Id} has {leases.Length} leases");
                            Assert.All(leases, a => Assert.True(pool!.RangeOf(family)!.Contains(a)));
                            Assert.All(leases, a => Assert.Equal(port.Id, Assert.Single(model.PortsAt(port.Vsid, a)).Id));
                            if (wants && leases.Length == 0)
                            {
                                exhausted++;
                                AddressRange range = pool!.RangeOf(family)!;
                                for (UInt128 n = range.First.ToNumber(); n <= range.Last.ToNumber(); n++)
                                {
                                    IPAddress address = n.ToAddress(family);
                                    Assert.True(!model.PortsAt(port.Vsid, address).IsEmpty || !model.RecordsAt(port.Vsid, address).IsEmpty, $"{address} is free, and {port.Id} waits");
                                }
                            }

                            // What it had and may keep, it keeps.
                            IPAddress? had = before.Find<Port>(port.Id) is { } old && old.Vsid == port.Vsid ? old.Leases.FirstOrDefault(a => a.AddressFamily == family) : null;
                            Assert.True(had is null || !wants || !pool!.RangeOf(family)!.Contains(had) || leases.Contains(had), $"{port.Id} lost {had}");
                        }
                    }

                    // Whatever differs is told: what is not would never be written.
                    HashSet<ResourceId> told = [.. outcome.Changes.Select(c => c.Id)];
                    Assert.All(model.Ports.Where(p => !p.Equals(before.Find(p.Id))), p => Assert.Contains(p.Id, told));
                    Assert.All(outcome.Changes.Where(c => c.After is not null), c => Assert.Equal(c.After, model.Find(c.Id)));
                }
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
        Assert.True(leased > 1000 && exhausted > 100, $"The histories are of little worth: {leased} leases seen, {exhausted} times none was left.");
    }

    [Fact]
    public void Validate_ForATenant_NamesNoOtherTenantsObjects() => Prop
        .ForAll(ResourceGenerators.Model.ToArbitrary(), ResourceGenerators.ChangeSet.ToArbitrary(), (model, changes) =>
        {
            ImmutableArray<ResourceChange> own = [.. changes.Changes.Where(c => c.Id.Tenant == "a")];
            foreach (Finding finding in ModelValidator.Validate(model, new ChangeSet(own), Viewer.OfTenant("a")).Findings)
            {
                Assert.DoesNotContain(" b/", $"{finding.Problem} {finding.Remedy}", StringComparison.Ordinal);
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
}
