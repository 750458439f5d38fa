using Hnv.Cli;

ProcessSwitches.Set(args);
return await CliApplication.RunAsync(args, CliEnvironment.OfProcess());
