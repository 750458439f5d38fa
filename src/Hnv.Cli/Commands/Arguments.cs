using System.CommandLine;
using Hnv.Api.Resources;
using Hnv.Cli.Completion;

namespace Hnv.Cli.Commands;

/// <summary>Arguments that several commands take.</summary>
internal static class Arguments
{
    /// <summary>KIND, completed with all plurals.</summary>
    public static Argument<string> Kind(bool viewsToo)
    {
        KindInfo[] kinds = [.. ResourceKinds.All.Where(k => viewsToo || !k.IsView)];
        var argument = new Argument<string>("KIND")
        {
            Description = string.Join(", ", kinds.Select(k => k.Words.IsEmpty ? k.Collection : $"{k.Collection} ({k.Words[0]})")),
            HelpName = "KIND",
        };
        return argument.WithWords([.. kinds.Select(k => k.Collection)]);
    }

    /// <summary>The files of <c>-f</c>; may be given several times.</summary>
    public static Option<string[]> Files(bool required) => new("--file", "-f")
    {
        Description = "A manifest, a directory of *.yaml files, or - for standard input",
        HelpName = "FILE",
        Required = required,
        Arity = ArgumentArity.OneOrMore,
    };
}
