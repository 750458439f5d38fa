using System.Text;
using Hnv.Model;

namespace Hnv.Api.Resources;

/// <summary>Where findings go while an object is read from JSON.</summary>
/// <param name="objectName">What is read, as findings name it: <c>Port blue-corp/blue1</c>.</param>
/// <param name="document">Its number in the request, where several were sent.</param>
/// <param name="findings">Receives what is wrong.</param>
public sealed class BindingContext(string objectName, int? document, ICollection<Finding> findings)
{
    private const int QuotedLength = 80;

    /// <summary>What is wrong that this context was told of, told on or not.</summary>
    public int Count { get; private set; }

    /// <summary>More is wrong with this object alone than is told: the rest of it need not be looked at.</summary>
    public bool IsFull => Count > FindingLimit.PerRequest;

    /// <summary>Adds a finding; of more than <see cref="FindingLimit.PerRequest"/> only those.</summary>
    public void Add(string pointer, string problem, string? remedy = null)
    {
        Count++;
        findings.AddWithinLimit(new Finding(objectName, pointer, problem, remedy, document));
    }

    /// <summary>Text of others between quotes: short, and without what would disturb a terminal.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("'");
        foreach (Rune rune in text.EnumerateRunes().Take(QuotedLength))
        {
            quoted.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        }

        return quoted.Append(text.Length > QuotedLength ? "…'" : "'").ToString();
    }
}
