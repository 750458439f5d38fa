using System.Net;
using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Rest;

namespace Hnv.Controller.Tests.Rest;

/// <summary>A list with null in it is refused at the door, with its place: what is kept is shown to everybody.</summary>
public sealed class NullElementTests
{
    private const string Report = "\"protocol\":3,\"agentVersion\":\"1\",\"epoch\":1,\"sequence\":1,\"realisedRevision\":1";
    private const string Claims = "\"protocol\":3,\"epoch\":1,\"sequence\":1,\"begins\":true,\"events\":[]";
    private const string Counted = "{\"id\":\"1\",\"port\":\"blue-corp/p1\",\"fromVmPackets\":0,\"fromVmBytes\":0,\"toVmPackets\":0,\"toVmBytes\":0,\"verdicts\":[";

    [Theory]
    [InlineData("hosts/host1/reports", "{" + Report + ",\"ports\":[null],\"problems\":[]}", "$.ports[0]")]
    [InlineData("hosts/host1/reports", "{" + Report + ",\"ports\":[],\"problems\":[\"a\",null]}", "$.problems[1]")]
    [InlineData("hosts/host1/reports", "{" + Report + ",\"ports\":[],\"problems\":[],\"left\":[null]}", "$.left[0]")]
    [InlineData("hosts/host1/reports", "{" + Report + ",\"ports\":[],\"problems\":[],\"left\":[" + Counted + "]}," + Counted + "null]}]}", "$.left[1].verdicts[0]")]
    [InlineData("hosts/host1/reports", "{" + Report + ",\"ports\":[],\"problems\":[],\"providerAddresses\":[null]}", "$.providerAddresses[0]")]
    [InlineData("hosts/host1/learned", "{" + Claims + ",\"networks\":[null]}", "$.networks[0]")]
    [InlineData("hosts/host1/learned", "{" + Claims + ",\"networks\":[{\"network\":\"11111111-2222-3333-4444-000000005001\",\"put\":[],\"delete\":[null]}]}", "$.networks[0].delete[0]")]
    public async Task Body_WithNullInAList_IsRefusedWithItsPlace_AndChangesNothing(string path, string body, string place)
    {
        await using TestController c = await TestController.StartAsync();
        await c.ApplyLabAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };

        HnvProblem problem = await RefuseAsync(http, path, body);

        Assert.Contains($"{place} is null", problem.Detail, StringComparison.Ordinal);
        foreach (string view in (string[])["provideraddresses", "ports", "hosts"])
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/api/v1/{view}", TestController.Cancelled)).StatusCode);
        }
    }

    [Theory]
    [InlineData("providerAddresses", "{\"address\":\"192.168.4.1\",\"state\":\"Preferred\"}", 16)]
    [InlineData("left", Counted + "]}", 256)]
    public async Task Report_OfMoreThanAHostHas_IsRefused(string list, string element, int limit)
    {
        await using TestController c = await TestController.StartAsync();
        await c.ApplyLabAsync();
        using var http = new HttpClient { BaseAddress = new Uri(c.Address) };
        string Body(int count) => "{" + Report + $",\"ports\":[],\"problems\":[],\"{list}\":[{string.Join(',', Enumerable.Repeat(element, count))}]}}";

        HnvProblem problem = await RefuseAsync(http, "hosts/host1/reports", Body(limit + 1));
        Assert.Contains($"{list} has {limit + 1}", problem.Detail, StringComparison.Ordinal);
        using StringContent whole = Json(Body(limit));
        Assert.Equal(HttpStatusCode.NoContent, (await http.PostAsync("/api/v1/hosts/host1/reports", whole, TestController.Cancelled)).StatusCode);
    }

    private static async Task<HnvProblem> RefuseAsync(HttpClient http, string path, string body)
    {
        using StringContent content = Json(body);
        using HttpResponseMessage answer = await http.PostAsync($"/api/v1/{path}", content, TestController.Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        return JsonSerializer.Deserialize<HnvProblem>(await answer.Content.ReadAsStringAsync(TestController.Cancelled), HnvJson.Options)!;
    }

    private static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");
}
