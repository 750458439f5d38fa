using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Hnv.Api.Client;
using Hnv.Api.Rest;

namespace Hnv.Api.Tests.Client;

/// <summary>What is read and written without the serializer is what the serializer reads and writes.</summary>
public sealed class ApplyAnswersTests
{
    private static readonly JsonElement s_old = JsonElement.Parse("[\"10.0.0.5\"]"), s_new = JsonElement.Parse("{\"ü\":1}");

    private static readonly ApplyResponse s_apply = new(7, true,
    [
        new ApplyResult("Tenant", null, "blue", ApplyAction.Created),
        new ApplyResult("Port", "blue", "p1", ApplyAction.Changed, [new FieldChange("/addresses", s_old, s_new), new FieldChange("/mac", null, s_old)]),
        new ApplyResult("Port", "blue", "p2", ApplyAction.Unchanged),
        new ApplyResult("Port", "blue", "p3", ApplyAction.Deleted),
    ]);

    private static readonly ConvergenceAnswer s_convergence = new(long.MaxValue, false, 2,
    [
        new PendingHost("h1", 5, 7, true, new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(1)), 0.25, ["a", "b"]),
        new PendingHost("h2", 0, 7, false, null, null, []),
    ]);

    [Fact]
    public void Request_Documents_IsWhatTheSerializerWrites()
    {
        ImmutableArray<JsonElement> documents = [s_new, JsonElement.Parse("{\"a\":\"<&'ö\"}")];
        Assert.Equal(JsonSerializer.Serialize(new ApplyRequest(documents), HnvJson.Options), Encoding.UTF8.GetString(ApplyAnswers.Request(documents)));
    }

    [Fact]
    public void ReadApply_EveryField_IsWhatTheSerializerWrote()
    {
        ApplyResponse read = ApplyAnswers.ReadApply(JsonSerializer.SerializeToElement(s_apply, HnvJson.Options));
        Assert.Equal(JsonSerializer.Serialize(s_apply, HnvJson.Options), JsonSerializer.Serialize(read, HnvJson.Options));
    }

    [Fact]
    public void ReadConvergence_EveryField_IsWhatTheSerializerWrote()
    {
        ConvergenceAnswer read = ApplyAnswers.ReadConvergence(JsonSerializer.SerializeToElement(s_convergence, HnvJson.Options));
        Assert.Equal(JsonSerializer.Serialize(s_convergence, HnvJson.Options), JsonSerializer.Serialize(read, HnvJson.Options));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"revision":1,"dryRun":false}""")]
    [InlineData("""{"revision":1,"dryRun":false,"results":[{"kind":"Port","name":"p","action":"burnt"}]}""")]
    public void ReadApply_NotAnAnswer_IsRefused(string json) => Assert.Throws<JsonException>(() => ApplyAnswers.ReadApply(JsonElement.Parse(json)));
}
