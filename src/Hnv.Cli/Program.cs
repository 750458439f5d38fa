System.Console.WriteLine("hnv");
