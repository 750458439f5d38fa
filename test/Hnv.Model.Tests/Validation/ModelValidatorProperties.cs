using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
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
