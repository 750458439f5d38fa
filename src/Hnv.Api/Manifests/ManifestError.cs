using System.Text;
using Hnv.Api.Resources;

namespace Hnv.Api.Manifests;

/// <summary>One thing wrong with a manifest, and where. Lines and columns count from 1.</summary>
/// <param name="File">Null for what no file says.</param>
/// <param name="Column">Only for errors of YAML's form.</param>
/// <param name="Object"><c>Port blue-corp/blue1</c>; null for errors of YAML's form.</param>
/// <param name="Field">JSON pointer into the object, or empty.</param>
public sealed record ManifestError(string? File, int? Line, int? Column, string? Object, string Field, string Problem, string? Remedy = null)
{
    /// <summary><c>FILE:LINE: kind name: field: problem (remedy)</c>, without the parts that are not known.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (File is not null)
        {
            text.Append(File);
            foreach (int? number in (ReadOnlySpan<int?>)[Line, Column])
            {
                text.Append(number is null ? "" : $":{number}");
            }

            text.Append(": ");
        }

        text.Append(Object is null ? "" : $"{Object}: ");
        text.Append(Field.Length == 0 ? "" : $"{JsonPointer.ToPath(Field)}: ");
        return text.Append(Problem).Append(Remedy is null ? "" : $" ({Remedy})").ToString();
    }
}
