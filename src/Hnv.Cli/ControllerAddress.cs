namespace Hnv.Cli;

/// <summary>Where the controller is thought to be, and who said so.</summary>
/// <param name="Origin">For messages: <c>from HNV_CONTROLLER</c>.</param>
/// <param name="Remedy">What to do when nobody answers there.</param>
internal sealed record ControllerAddress(string Address, string Origin, string Remedy)
{
    /// <summary>The address when nobody names one.</summary>
    public const string Default = "http://127.0.0.1:8640";

    /// <summary>In the order that is promised: option, HNV_CONTROLLER, the client's configuration, the running lab, the default.</summary>
    /// <param name="configured">What the configuration <paramref name="file"/> says.</param>
    public static ControllerAddress Find(string? option, CliEnvironment environment, string? configured, string? file)
    {
        if (option is { Length: > 0 })
        {
            return new(option, "from --controller", "Is a controller running there? 'hnv controller --listen URL' starts one.");
        }

        if (environment.Variable("HNV_CONTROLLER") is { Length: > 0 } variable)
        {
            return new(variable, "from HNV_CONTROLLER", "Is a controller running there? Change or unset HNV_CONTROLLER, or give --controller URL.");
        }

        if (configured is { Length: > 0 })
        {
            return new(configured, $"from {file}", $"Is a controller running there? Change {file}, or give --controller URL.");
        }

        return environment.RunningLab() is { } lab
            ? new(lab, "the running lab's", "'hnv lab status' shows what is wrong, 'hnv lab up' mends it.")
            : new(Default, "the default", "'hnv lab up' starts a lab, 'hnv controller' a controller; --controller URL or HNV_CONTROLLER names another.");
    }
}
