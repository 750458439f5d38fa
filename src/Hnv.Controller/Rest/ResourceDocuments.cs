using System.Text.Json;
using Hnv.Api;
using Hnv.Api.Resources;
using Hnv.Api.Rest;
using Hnv.Controller.Hosts;
using Hnv.Controller.Store;
using Hnv.Model;
using Hnv.Model.Resources;
using Hnv.Model.Validation;

namespace Hnv.Controller.Rest;

/// <summary>
/// Resources as GET shows them: the fields of the manifest, then <c>revision</c> (of the object's last change), <c>set</c>, and
/// <c>status</c> with what the controllers know beyond what was written. The latter are never accepted.
/// </summary>
internal sealed class ResourceDocuments(HostRegistry hosts, HostFindings findings)
{
    public JsonElement ToElement(CloudState state, StoredResource stored)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach (JsonProperty field in ResourceJson.ToElement(stored.Resource).EnumerateObject())
            {
                field.WriteTo(writer);
            }

            writer.WriteNumber("revision", stored.Revision);
            if (stored.Set is not null)
            {
                writer.WriteString("set", stored.Set);
            }

            WriteStatus(writer, state.Model, stored);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(stream.ToArray());
    }

    private void WriteStatus(Utf8JsonWriter writer, CloudModel model, StoredResource stored)
    {
        object? own = stored.Resource switch
        {
            Model.Resources.Host host => findings.StateOf(host.Name),
            Port port => hosts.StateOf(model, port, stored.Number),
            _ => null,
        };
        var conditions = ModelConditions.Of(model, stored.Resource).Select(static c => new ConditionView(c.Kind.ToString(), c.Field, c.Message)).ToList();
        if (own is null && conditions.Count == 0)
        {
            return;
        }

        writer.WriteStartObject("status");
        if (own is not null)
        {
            foreach (JsonProperty field in JsonSerializer.SerializeToElement(own, own.GetType(), HnvJson.Options).EnumerateObject())
            {
                field.WriteTo(writer);
            }
        }

        if (conditions.Count > 0)
        {
            writer.WritePropertyName("conditions");
            JsonSerializer.Serialize(writer, conditions, HnvJson.Options);
        }

        writer.WriteEndObject();
    }
}
