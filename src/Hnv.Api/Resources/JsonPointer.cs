using System.Globalization;
using System.Text;

namespace Hnv.Api.Resources;

/// <summary>JSON pointers (RFC 6901), and the form people read.</summary>
public static class JsonPointer
{
    /// <summary>One step down, into a field.</summary>
    public static string Append(string pointer, string field) =>
        $"{pointer}/{field.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    /// <summary>One step down, into an array.</summary>
    public static string Append(string pointer, int index) => string.Create(CultureInfo.InvariantCulture, $"{pointer}/{index}");

    /// <summary>The steps, unescaped.</summary>
    public static IEnumerable<string> Steps(string pointer) =>
        pointer.Length == 0
            ? []
            : pointer[1..].Split('/').Select(static s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));

    /// <summary><c>/subnets/0/prefixes/1</c> as <c>subnets[0].prefixes[1]</c>.</summary>
    public static string ToPath(string pointer)
    {
        var path = new StringBuilder();
        foreach (string step in Steps(pointer))
        {
            if (path.Length > 0 && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            {
                path.Append(CultureInfo.InvariantCulture, $"[{index}]");
            }
            else
            {
                path.Append(path.Length > 0 ? "." : "").Append(step);
            }
        }

        return path.ToString();
    }
}
